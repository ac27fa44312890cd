"""Small modules with buffers and hooks."""

from __future__ import annotations

from tests.fuzz.grammar.production import Family, rows

FAMILY = Family(
    expressions={
        "net": rows((3, "Net(<var:tensor>.shape[1])"), (4, "<var:net>"), (1, "copy.deepcopy(<var:net>)")),
        "tensor": rows(
            (4, "<var:net>(<tensor>)"),
            (1, "(<var:net>.scale * <tensor>)"),
            (1, "<var:net>.inner[0](<tensor>)"),
            (1, "F.linear(<tensor>, torch.eye(<var:tensor>.shape[1]), torch.ones(<var:tensor>.shape[1]))"),
            (1, "F.softmax(<tensor>, dim=<digit> % 2)"),
            (1, "F.gelu(<tensor>)"),
            (1, "F.normalize(<tensor>, dim=1)"),
            (1, "F.pad(<tensor>, (0, 1))[:, :-1]"),
            (1, "F.one_hot(torch.zeros(<var:tensor>.shape[0], dtype=torch.int64), <var:tensor>.shape[1]).float()"),
            (1, "F.batch_norm(<tensor>, None, None, training=True)"),
            (1, "torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Identity())(<tensor>)"),
        ),
        "int": rows(
            (2, "<var:net>.calls"),
            (1, "len(list(<var:net>.parameters()))"),
            (1, "int(<var:net>.seen)"),
            (1, "len(<var:net>.inner)"),
        ),
        "bool": rows(
            (1, "<var:net>.training"),
            (1, "isinstance(<var:net>, torch.nn.Module)"),
            (1, "('scale' in <var:net>.state_dict())"),
            (1, "hasattr(<var:net>, <word>)"),
        ),
        "str": rows(
            (1, "','.join(name for name, _ in <var:net>.named_parameters())[:40]"),
            (1, "<var:net>._get_name()"),
            (1, "','.join(dict(<var:net>.named_buffers()))"),
        ),
        "scalar": rows(
            (1, "F.cross_entropy(<tensor>, torch.zeros(<var:tensor>.shape[0], dtype=torch.int64))"),
            (1, "F.l1_loss(<tensor>, <tensor>)"),
            (1, "<var:net>.seen.float()"),
        ),
    },
    statements=rows(
        (4, "<new:net> = <net>"),
        (1, "<var:net>.eval()"),
        (1, "<var:net>.train(<bool>)"),
        (1, "<var:net>.calls += <int>"),
        (1, "<var:net>.seen += <digit>"),
        (1, "<var:net>.extra = torch.nn.Identity()\nprint(len(list(<var:net>.children())))"),
        (
            1,
            "<h=temp:obj> = <var:net>.register_forward_hook(lambda module, given, out: out * <digit>)\n<new:tensor> = <var:net>(<tensor>)\n<h>.remove()",
        ),
        (
            1,
            "<h=temp:obj> = <var:net>.register_forward_pre_hook(lambda module, given: (given[0] + <real>,))\n<new:tensor> = <var:net>(<tensor>)\n<h>.remove()",
        ),
        (1, "for <p=temp:tensor> in <var:net>.parameters():\n    print(<p>.shape)\n    <loop>"),
        (
            1,
            "<new:net> = Net(<var:tensor>.shape[1])\n<n=var:net>(<tensor>)\n<a=temp:tensor> = <n>.scale\nwith torch.no_grad():\n    <a>.mul_(<digit>)",
        ),
        (1, "<new:tensor> = torch.func.functional_call(<n=var:net>, {'scale': torch.ones(1)}, (<tensor>,))"),
        (
            1,
            "<n=temp:net> = Net(<var:tensor>.shape[1])\n<n>(<tensor>).sum().backward()\nprint(<n>.scale.grad is None)\nwith torch.no_grad():\n    for <p=temp:tensor> in <n>.parameters():\n        if <p>.grad is not None:\n            <p>.sub_(<p>.grad)\n<new:tensor> = <n>(<tensor>)",
        ),
        (1, "for <n=temp:str>, <m=temp:obj> in <var:net>.named_modules():\n    print(<n>, type(<m>).__name__)"),
        (
            1,
            "<n=temp:net> = Net(<var:tensor>.shape[1])\n<n>.load_state_dict(<var:net>.state_dict(), strict=False)\n<new:tensor> = <n>(<tensor>)",
        ),
        (
            1,
            "<m=temp:net> = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])\n<m>.append(torch.nn.Sigmoid())\n<a=temp:tensor> = <tensor>\nfor <l=temp:obj> in <m>:\n    <a> = <l>(<a>)\n<new:tensor> = <a>",
        ),
    ),
    prelude={
        "Net": """
class Net(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.full((1,), 0.5))
        self.bias = torch.nn.Parameter(torch.arange(float(width)))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        self.inner = torch.nn.Sequential(torch.nn.Tanh(), torch.nn.Dropout(0.25))
        self.calls = 0

    def forward(self, t):
        self.calls += 1
        if self.training:
            self.seen += 1
        return self.inner(t) * self.scale + self.bias[: t.shape[1]].sum()
""",
    },
)
