"""Random numbers."""

from __future__ import annotations

from tests.fuzz.grammar.production import Family, rows

FAMILY = Family(
    expressions={
        "tensor": rows(
            (2, "torch.rand_like(<tensor>)"),
            (1, "torch.randn(<var:tensor>.shape)"),
            (1, "torch.rand(*<var:tensor>.shape, generator=<var:dice>)"),
            (1, "F.dropout(<tensor>, 0.5)"),
            (1, "F.dropout(<tensor>, 0.5, training=<bool>)"),
            (1, "torch.bernoulli(torch.full_like(<tensor>.detach(), 0.5))"),
            (1, "torch.empty(<var:tensor>.shape).uniform_(<digit>, 9)"),
            (1, "torch.normal(0.0, 1.0, <var:tensor>.shape)"),
            (1, "<tensor>[torch.randperm(<var:tensor>.shape[0])]"),
            (1, "torch.randint(0, 5, <var:tensor>.shape).float()"),
            (1, "<tensor>.clone().detach().normal_()"),
        ),
        "int": rows(
            (1, "random.randint(0, 5)"),
            (1, "random.Random(<digit>).randrange(9)"),
            (1, "torch.randint(0, 9, ()).item()"),
            (1, "(<var:dice>.initial_seed() % 7)"),
            (1, "random.choice([<int>, <int>])"),
        ),
        "float": rows((1, "random.random()"), (1, "random.uniform(0, 1)")),
        "ints": rows((1, "random.sample(range(9), <count>)"), (1, "torch.randperm(3).tolist()")),
        "dice": rows((2, "torch.Generator().manual_seed(<digit> % 9)"), (1, "<var:dice>")),
    },
    statements=rows(
        (1, "torch.manual_seed(<count>)"),
        (2, "<new:dice> = <dice>"),
        (1, "random.seed(<count>)"),
        (1, "<var:dice>.manual_seed(<count>)"),
        (1, "<a=temp:ints> = [1, 2, 3]\nrandom.shuffle(<a>)\n<new:ints> = <a>"),
        (
            1,
            "<a=temp:tensor> = torch.get_rng_state()\n<new:tensor> = torch.rand(<var:tensor>.shape)\ntorch.set_rng_state(<a>)\n<new:tensor> = torch.rand(<var:tensor>.shape)",
        ),
        (1, "with torch.random.fork_rng():\n    torch.manual_seed(<count>)\n    <block>"),
        (1, "print(f'{torch.rand(()).item():.4f}')"),
    ),
)
