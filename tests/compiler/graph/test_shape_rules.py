"""The rules say what the operators do, and know when to be silent."""

from __future__ import annotations

import operator
import subprocess
import sys
import textwrap

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from compiler.graph.shape_rules import infer, new_example
from compiler.graph.shape_rules.table import RULES
from tests.compiler.graph.everyday_calls import everyday
from tests.compiler.graph.shape_cases import Call, call, compare, make, map_tensors, twin, twins


@pytest.mark.parametrize("grad", [False, True, "mid"])
@pytest.mark.parametrize("grad_mode", [True, False])
def test_everyday_calls_are_answered(grad: bool | str, grad_mode: bool) -> None:
    for real in everyday(grad):
        with torch.set_grad_enabled(grad_mode):
            assert compare(real), f"no rule answered {real}"


# --- layouts -------------------------------------------------------------------------------


@st.composite
def operands(draw: st.DrawFn, count: int) -> list[Tensor]:
    """Tensors that broadcast together, each permuted, thinned out or expanded at will."""
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    found = []
    for _ in range(count):
        own = [draw(st.sampled_from([size, size, 1])) for size in shape][draw(st.integers(0, len(shape))) :]
        order = draw(st.permutations(range(len(own))))
        steps = [draw(st.sampled_from([1, 1, 1, 2])) for _ in own]
        dense = torch.ones([own[dim] * steps[dim] for dim in order])
        tensor = dense.permute([order.index(dim) for dim in range(len(own))])
        tensor = tensor[tuple(slice(None, None, step) for step in steps)]
        for dim, size in enumerate(own):
            if size > 1 and tensor.numel() and draw(st.integers(0, 5)) == 0:
                tensor = tensor.narrow(dim, 0, 1).expand_as(tensor)
        assert tensor.shape == torch.Size(own)
        found.append(tensor.to(draw(st.sampled_from([torch.float32, torch.float32, torch.float64, torch.int64]))))
    return found


@settings(max_examples=400, deadline=None)
@given(operands(2), st.sampled_from(["add", "mul", "div", "lt", "maximum", "atan2", "add_", "logical_or"]))
def test_two_operands_of_any_layout(tensors: list[Tensor], name: str) -> None:
    compare(call(name, *tensors))


@settings(max_examples=400, deadline=None)
@given(operands(3))
def test_three_operands_of_any_layout(tensors: list[Tensor]) -> None:
    condition, left, right = tensors
    compare(call(torch.where, condition > 0, left, right))
    compare(call(torch.where, condition > 0, left, 0.5))
    compare(call("addcmul", condition, left, right))


@settings(max_examples=300, deadline=None)
@given(
    operands(1), st.sampled_from(["relu", "exp", "sum", "softmax", "isnan", "tril", "cumsum", "abs_", "masked_fill"])
)
def test_one_operand_of_any_layout(tensors: list[Tensor], name: str) -> None:
    (tensor,) = tensors
    extra = {"softmax": (-1,), "cumsum": (0,), "masked_fill": (tensor > 0, 0)}.get(name, ())
    compare(call(name, tensor, *extra))
    compare(call(torch.zeros_like, tensor))
    compare(call(operator.add, tensor, 1))


# --- in place ------------------------------------------------------------------------------


def test_an_in_place_rule_returns_its_argument_and_counts_as_a_write() -> None:
    target = twin(make(2, 3))
    version = target._version
    assert infer("add_", (target, 1), {}) is target
    assert target._version > version


def test_a_plain_tensor_that_receives_grad_becomes_a_non_leaf() -> None:
    target = twin(make(2, 3))
    infer(operator.iadd, (target, twin(make(3, grad=True))), {})
    assert (target.requires_grad, target.is_leaf) == (True, False)


def test_writing_to_a_view_reaches_its_base() -> None:
    base = twin(make(2, 3))
    infer("mul_", (base[0], twin(make(3, grad=True))), {})
    assert base.requires_grad


@pytest.mark.parametrize(
    "illegal",
    [
        call("add_", make(3), make(2, 3)),
        call("add_", make(3, dtype=torch.int64), make(3)),
        call("add_", make(3, grad=True), 1),
        call("add_", make(1).expand(3), 1),
        call("exp_", make(3, dtype=torch.int64)),
        call("add", make(2), make(3)),
        call("sub", make(2, dtype=torch.bool), True),
        call(operator.and_, make(2), make(2)),
        call("pow", make(2, dtype=torch.int64), -1),
        call("sum", make(2), 1),
        call("mean", make(2, dtype=torch.int64)),
        call("amax", make(0)),
        call(F.linear, make(2, 3), make(4, 2)),
        call("matmul", make(2, 3), make(2, 3)),
        call("matmul", make(2, 3), make(3, 2, dtype=torch.float64)),
        call(torch.cat, [make(2, 3), make(2, 4)]),
        call(torch.stack, [make(2), make(3)]),
        call(F.layer_norm, make(2, 3), (2,)),
        call(F.embedding, make(2), make(3, 4)),
        call(F.conv2d, make(1, 3, 8, 8), make(4, 2, 3, 3)),
        call(F.max_pool2d, make(1, 3, 2, 2), 5),
        call(F.mse_loss, make(2), make(2), reduction="median"),
        call("relu", make(2), 1),
    ],
    ids=str,
)
def test_an_illegal_call_is_left_to_the_operator(illegal: Call) -> None:
    assert not compare(illegal)
    with pytest.raises(Exception):
        illegal.run()


# --- silence -------------------------------------------------------------------------------


class Subclass(Tensor):
    pass


X = torch.empty(2, 3, device="meta")


@pytest.mark.parametrize(
    ("target", "args", "kwargs"),
    [
        (torch.add, (X, X), {"out": X}),
        (torch.add, (X.to(torch.complex64), 1), {}),
        (torch.add, (X, 1j), {}),
        (torch.add, (X.as_subclass(Subclass), 1), {}),
        (torch.relu, (torch.ones(2),), {}),
        (torch.relu, (X.to(torch.float8_e5m2),), {}),
        (torch.zeros, (2,), {"device": "cpu"}),
        (operator.eq, (X, None), {}),
        (operator.add, (1, 2), {}),
        (operator.getitem, (X, 0), {}),
        (torch.max, (X,), {}),
        ("no_such_method", (X,), {}),
        ([], (X,), {}),
    ],
)
def test_what_no_rule_models_is_declined(target: object, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
    assert infer(target, args, kwargs) is NotImplemented


def test_contexts_that_change_operators_are_declined() -> None:
    with torch.autocast("cpu"):
        assert infer("relu", (X,), {}) is NotImplemented
    answers = []
    torch.func.vmap(lambda x: answers.append(infer("relu", (x,), {})) or x)(X)
    assert answers == [NotImplemented]


# --- examples ------------------------------------------------------------------------------


@pytest.mark.parametrize("grad_mode", [True, False])
def test_a_new_example_that_requires_grad_is_no_leaf_and_no_view(grad_mode: bool) -> None:
    with torch.set_grad_enabled(grad_mode):
        example = new_example((2, 3), (1, 2), torch.bfloat16, requires_grad=True)
        example.zero_()
    assert (example.shape, example.stride(), example.dtype) == ((2, 3), (1, 2), torch.bfloat16)
    assert (example.requires_grad, example.is_leaf, example._is_view()) == (True, False, False)


def test_every_spelling_has_a_rule_that_can_be_called() -> None:
    assert all(callable(rule) for rule in RULES.values())
    assert len(RULES) > 700


# --- cost ----------------------------------------------------------------------------------


def test_answering_imports_nothing_heavy() -> None:
    program = """
        import sys
        from tests.compiler.graph.everyday_calls import everyday
        from tests.compiler.graph.shape_cases import twins
        from compiler.graph.shape_rules import infer
        for grad in (False, "mid"):
            for real in everyday(grad):
                examples = twins(real)
                assert infer(examples.target, examples.args, examples.kwargs) is not NotImplemented
        print([name for name in ("torch._dynamo", "sympy") if name in sys.modules])
    """
    found = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.slow
def test_the_rules_agree_with_fake_tensors() -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode

    for real in everyday("mid"):
        examples = twins(real)
        answer = infer(examples.target, examples.args, examples.kwargs)
        mode = FakeTensorMode()
        args, kwargs = map_tensors(mode.from_tensor, (real.args, real.kwargs))
        with mode:
            expected = Call(real.target, args, kwargs).run()
        for one, other in zip(_flat(answer), _flat(expected), strict=True):
            assert (one.shape, one.stride(), one.dtype) == (other.shape, other.stride(), other.dtype), str(real)
            assert one.requires_grad == other.requires_grad, str(real)


def _flat(value: object) -> list[Tensor]:
    return list(value) if isinstance(value, tuple) else [value]
