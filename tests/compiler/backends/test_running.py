"""Compiled graphs that raise or return what they should not."""

from __future__ import annotations

import traceback

import pytest
import torch
import torch.nn.functional as F

import compiler
from tests.compiler.running import records_of, same

TABLE = torch.randn(5, 3)
GOOD, BAD = torch.tensor([1, 2]), torch.tensor([1, 9])


def outcome(fn, *args):
    try:
        return fn(*args)
    except Exception as error:
        return error


def lines(error):
    return [
        (frame.name, frame.line) for frame in traceback.extract_tb(error.__traceback__) if frame.filename == __file__
    ]


def both(fn, *makers):
    """The exceptions of eager and of compiled code, after a good call that compiled."""
    compiled = compiler.optimize(fn)
    compiled(*[maker(GOOD) for maker in makers])
    results = []
    for each in (fn, compiled):
        args = [maker(BAD) for maker in makers]
        torch.manual_seed(0)
        results.append((outcome(each, *args), args, torch.get_rng_state()))
    return results


@pytest.fixture
def lenient():
    """Tests run in strict mode; users do not."""
    with compiler.config.patch(strict=False):
        yield


def index(index):
    return index


def test_the_exception_is_eagers_own():
    def fn(index):
        x = TABLE * 2
        return F.embedding(index, x)

    (expected, *_), (ours, *_) = both(fn, index)
    assert type(ours) is type(expected)
    assert ours.args == expected.args
    assert lines(ours)[1:] == lines(expected)[1:]
    assert lines(ours)[-1] == ("fn", "return F.embedding(index, x)")
    assert not hasattr(ours, "__notes__")


def test_effects_before_the_failing_operator_have_happened():
    log = []

    class Box:
        seen = 0

    box = Box()

    def fn(index, items):
        log.append(1)
        items.append(TABLE.sum())
        box.seen += 1
        result = TABLE.gather(0, index[:, None])
        log.append(2)
        box.seen += 100
        return result

    (expected, eager_args, _), (ours, our_args, _) = both(fn, index, lambda index: [])
    assert type(ours) is type(expected) is RuntimeError
    assert same(our_args, eager_args)
    assert log == [1, 2, 1, 1]
    assert box.seen == 103


def test_a_handler_in_the_function_sees_it():
    def fn(index):
        try:
            return TABLE[index]
        except IndexError as error:
            return str(error)
        finally:
            index.add_(1)

    (expected, eager_args, _), (ours, our_args, _) = both(fn, lambda index: index.clone())
    assert ours == expected
    assert same(our_args, eager_args)


def test_random_numbers_are_put_back():
    def fn(index):
        noise = torch.rand(3)
        return F.embedding(index, TABLE * noise)

    (expected, _, eager_state), (ours, _, our_state) = both(fn, index)
    assert type(ours) is type(expected)
    assert torch.equal(our_state, eager_state)


def test_after_a_graph_break():
    def fn(index):
        x = TABLE + 1
        compiler.graph_break()
        return F.embedding(index, x)

    (expected, *_), (ours, *_) = both(fn, index)
    assert type(ours) is type(expected)
    assert lines(ours)[-1] == lines(expected)[-1]


def test_before_a_graph_break():
    seen = []

    def fn(index):
        x = F.embedding(index, TABLE)
        compiler.graph_break()
        seen.append(1)
        return x

    (expected, *_), (ours, *_) = both(fn, index)
    assert type(ours) is type(expected)
    assert seen == [1]


def test_in_a_loop_with_breaks():
    def fn(index):
        total = 0
        for step in range(4):
            compiler.graph_break()
            total = total + F.embedding(index + step, TABLE)
        return total

    compiled = compiler.optimize(fn)
    assert same(compiled(GOOD - 1), fn(GOOD - 1))
    for _ in range(2):
        ours, expected = outcome(compiled, GOOD), outcome(fn, GOOD)
        assert type(ours) is type(expected) is IndexError


def test_a_compiled_function_that_calls_one_that_fails():
    """Only the frame whose graph raised begins anew."""
    entered = []

    @compiler.optimize
    def inner(index):
        return F.embedding(index, TABLE)

    @compiler.optimize
    def outer(index):
        entered.append(1)
        compiler.graph_break()
        try:
            compiler.disable(inner)(index)
        except IndexError:
            return 0
        raise ValueError("not reached")

    assert outer(BAD) == 0
    assert outer(BAD) == 0
    assert entered == [1, 1]


def test_grad_mode_is_restored_and_the_frame_begins_anew():
    def fn(index):
        with torch.no_grad():
            x = F.embedding(index, TABLE)
        return x * 2

    (expected, *_), (ours, *_) = both(fn, index)
    assert type(ours) is type(expected)
    assert torch.is_grad_enabled()


def test_a_changed_input_is_not_changed_twice():
    def fn(index, x):
        x.add_(1)
        return F.embedding(index, x)

    (expected, eager_args, _), (ours, our_args, _) = both(fn, index, lambda index: torch.zeros(5, 3))
    assert type(ours) is type(expected)
    assert same(our_args, eager_args)
    assert lines(ours)[-1] == lines(expected)[-1] == ("fn", "return F.embedding(index, x)")
    assert not hasattr(ours, "__notes__")


def test_a_change_after_the_failing_operator_is_no_hindrance():
    def fn(index, x):
        found = F.embedding(index, x)
        x.add_(1)
        return found

    (expected, eager_args, _), (ours, our_args, _) = both(fn, index, lambda index: torch.zeros(5, 3))
    assert lines(ours)[-1] == lines(expected)[-1] == ("fn", "found = F.embedding(index, x)")
    assert same(our_args, eager_args)


def test_a_change_of_a_tensor_of_the_graphs_own_is_no_hindrance():
    def fn(index):
        x = torch.zeros(5, 3) + 1
        x[0].add_(1)
        return F.embedding(index, x)

    (expected, *_), (ours, *_) = both(fn, index)
    assert lines(ours)[-1] == lines(expected)[-1] == ("fn", "return F.embedding(index, x)")


def test_an_operator_that_failed_before_it_changed_its_argument():
    def fn(x):
        x += 1

    compiled = compiler.optimize(fn)
    for each in (fn, compiled):
        error = outcome(each, torch.zeros(1, 3).expand(2, 3))
        assert lines(error)[-1] == ("fn", "x += 1")
        assert not hasattr(error, "__notes__")


def test_the_new_beginning_is_recorded():
    compiled = compiler.optimize(lambda index: F.embedding(index, TABLE))
    compiled(GOOD)
    with compiler.events.collect() as records, pytest.raises(IndexError):
        compiled(BAD)
    (record,) = records
    assert record.outcome == "skipped"
    assert record.reason.kind == "graph raised"
    assert "index out of range" in record.reason.context
    assert "F.embedding(index, TABLE)" in record.reason.location.source_line
    with compiler.events.collect() as records, pytest.raises(IndexError):
        compiled(BAD)
    assert records == []  # told once


def test_keyboard_interrupt_is_passed_on():
    def backend(module, inputs):
        def run(*args):
            raise KeyboardInterrupt

        return run

    with pytest.raises(KeyboardInterrupt):
        compiler.optimize(lambda x: x * 2, backend=backend)(TABLE)


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (lambda x: x, "a Tensor"),
        (lambda x: None, "a NoneType"),
        (lambda x: (x, x), "2 values"),
        (lambda x: [], "0 values"),
    ],
)
def test_a_graph_that_returns_something_else(wrong, found):
    def sloppy(module, inputs):
        return wrong

    done = []

    def fn(x):
        done.append(1)
        return x * 2

    with pytest.raises(compiler.BackendError) as caught:
        compiler.optimize(fn, backend=sloppy)(TABLE)
    text = str(caught.value)
    assert text.startswith(
        f"backend 'sloppy' compiled a graph that returned {found} instead of a tuple or list of 1 tensor"
    )
    assert "return x * 2" in text
    assert "mul" in text
    assert done == []


def test_a_list_is_as_good_as_a_tuple():
    compiled = compiler.optimize(lambda x: (x * 2, x + 1), backend=lambda module, inputs: lambda x: list(module(x)))
    assert same(compiled(TABLE), (TABLE * 2, TABLE + 1))


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x[1], lambda x: x.view(-1), lambda x: x.T, lambda x: x.reshape(15), lambda x: x.unsqueeze(0),
        lambda x: x.detach(), lambda x: x.chunk(2)[0], lambda x: x[1:3, :2], lambda x: x.contiguous(), lambda x: x.float(),
        lambda x: x.unbind(0)[2], lambda x: x.narrow(0, 1, 2), lambda x: x.diagonal(), lambda x: x.flatten(),
        lambda x: F.dropout(x, 0.5, False), lambda x: x.permute(1, 0), lambda x: x.split(2)[1], lambda x: x.squeeze(),
    ],
)  # fmt: skip
def test_a_changed_view_of_an_input_is_not_changed_twice(view):
    def fn(index, x):
        view(x).add_(1)
        return F.embedding(index, TABLE)

    (expected, eager_args, _), (ours, our_args, _) = both(fn, index, lambda index: torch.zeros(5, 3))
    assert type(ours) is type(expected)
    assert same(our_args, eager_args)


def test_an_input_read_by_a_change_of_the_graphs_own_tensor_is_not_changed():
    def fn(index, x):
        total = torch.zeros(5, 3)
        total += x
        total[0] = x[1]
        try:
            return F.embedding(index, total)
        except IndexError as error:
            return str(error)

    (expected, eager_args, _), (ours, our_args, _) = both(fn, index, lambda index: torch.ones(5, 3))
    assert ours == expected
    assert same(our_args, eager_args)


def test_a_change_that_is_refused_has_changed_nothing():
    def fn(x):
        try:
            x[0] = 7
        except RuntimeError:
            return "refused"
        return x * 2

    compiled = compiler.optimize(fn)
    for each in (fn, compiled):
        assert outcome(each, torch.zeros(2, 3, requires_grad=True).view(3, 2)) == "refused"


def test_the_grad_mode_is_put_back_after_an_interrupt():
    def backend(module, inputs):
        def run(*args):
            torch._C._set_grad_enabled(False)
            raise KeyboardInterrupt

        return run

    with pytest.raises(KeyboardInterrupt):
        compiler.optimize(lambda x: x * 2, backend=backend)(TABLE)
    assert torch.is_grad_enabled()


def test_a_generator_of_the_programs_own_is_put_back():
    generator = torch.Generator()

    def fn(index):
        noise = torch.rand(3, generator=generator)
        return F.embedding(index, TABLE * noise)

    states = []
    for each in (fn, compiler.optimize(fn)):
        generator.manual_seed(0)
        outcome(each, GOOD)
        outcome(each, BAD)
        states.append(generator.get_state())
    assert torch.equal(*states)


def broken(module, inputs):
    """A backend whose compiled graphs all raise; it counts their calls."""

    def run(*args):
        broken.calls += 1
        raise ValueError("no such kernel")

    broken.calls = 0
    return run


def test_a_backends_code_that_raises_is_not_called_again(lenient):
    def fn(x):
        return x * 2

    compiled = compiler.optimize(fn, backend=broken)
    run = records_of(compiled, TABLE)
    assert torch.equal(run.result, TABLE * 2)
    assert run.outcomes == ["compiled", "fell_back"]
    reason = run.records[-1].reason
    assert reason.kind == "backend error"
    assert reason.context == "backend 'broken' compiled a graph that raised ValueError: no such kernel"
    assert reason.location.source_line == "return x * 2"
    fault = run.records[-1].details["error"]
    assert "mul" in str(fault)
    assert isinstance(fault.__cause__, ValueError)
    again = records_of(compiled, TABLE + 1)
    assert torch.equal(again.result, (TABLE + 1) * 2)
    assert again.records == []
    assert broken.calls == 1


@pytest.mark.parametrize("strictly", ["fullgraph", "config"])
def test_a_backends_code_that_raises_in_strict_mode(strictly):
    def fn(x, log):
        log.append(1)
        x.add_(1)
        return x * 2

    compiled = compiler.optimize(fn, backend=broken, fullgraph=strictly == "fullgraph")
    for _ in range(2):
        x, log = torch.zeros(3), []
        with (
            compiler.config.patch(strict=strictly == "config"),
            compiler.events.collect() as records,
            pytest.raises(compiler.BackendError) as caught,
        ):
            compiled(x, log)
        assert isinstance(caught.value.__cause__, ValueError)
        text = str(caught.value)
        assert "backend 'broken'" in text
        assert "x.add_(1)" in text
        assert "mul" in text
        assert records[-1].outcome == "fell_back"
        assert log == []
        assert x.sum() == 0


def test_a_backends_code_that_raises_after_it_has_changed_an_input(lenient):
    def backend(module, inputs):
        def run(x):
            x.fill_(7)
            raise ValueError("no such kernel")

        return run

    def fn(x):
        x.add_(1)
        return x * 2

    compiled = compiler.optimize(fn, backend=backend)
    for _ in range(2):
        x = torch.zeros(3)
        assert compiled(x).tolist() == [2, 2, 2]
        assert x.tolist() == [1, 1, 1]
        assert x._version == 1


def test_a_backends_code_that_raises_later_when_no_copy_was_taken(lenient):
    calls = []

    def backend(module, inputs):
        def run(*args):
            calls.append(1)
            if len(calls) > 1:
                raise ValueError("no such kernel")
            return module(*args)

        return run

    def fn(x):
        x.add_(1)
        return x * 2

    compiled = compiler.optimize(fn, backend=backend)
    assert compiled(torch.zeros(1)).item() == 2
    with pytest.raises(compiler.BackendError, match="backend 'backend' compiled a graph that raised ValueError"):
        compiled(torch.zeros(1))
    assert compiled(torch.zeros(1)).item() == 2
    assert len(calls) == 2


def test_the_programs_own_exception_is_not_the_backends():
    def backend(module, inputs):
        def run(*args):
            return [item.clone() for item in torch.fx.Interpreter(module).run(*args)]

        return run

    def fn(index, noise):
        try:
            return F.embedding(index, TABLE) + torch.rand(3)
        except IndexError as error:
            return str(error).partition("\n")[0]

    compiled = compiler.optimize(fn, backend=backend, fullgraph=False)
    compiled(GOOD, 1)
    for _ in range(2):
        with compiler.events.collect() as records:
            assert compiled(BAD, 1) == "index out of range in self"
        assert [record.reason.kind for record in records] in ([], ["graph raised"])
    assert isinstance(compiled(GOOD, 1), torch.Tensor)


def test_random_numbers_are_those_of_eager_when_the_operators_do_the_work_of_the_backend(lenient):
    def backend(module, inputs):
        def run(*args):
            torch.rand(7)
            raise ValueError("no such kernel")

        return run

    compiled = compiler.optimize(lambda x: F.dropout(x), backend=backend)
    x = torch.ones(100)
    torch.manual_seed(1)
    expected = F.dropout(x)
    torch.manual_seed(1)
    assert torch.equal(compiled(x), expected)


def test_out_of_memory_is_nobodys_fault():
    calls = []

    def backend(module, inputs):
        def run(*args):
            calls.append(1)
            raise torch.OutOfMemoryError("no room")

        return run

    compiled = compiler.optimize(lambda x: x * 2, backend=backend, fullgraph=True)
    for _ in range(2):
        assert torch.equal(compiled(TABLE), TABLE * 2)
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (lambda x: (1,), "an int instead of a tensor of shape (5, 3), torch.float32, on cpu as output 0"),
        (lambda x: [None], "a NoneType instead of"),
        (lambda x: (x[0],), "a tensor of shape (3,), torch.float32, on cpu instead of a tensor of shape (5, 3)"),
        (lambda x: (x.double(),), "a tensor of shape (5, 3), torch.float64, on cpu instead of"),
        (lambda x: (x.to("meta"),), "a tensor of shape (5, 3), torch.float32, on meta instead of"),
    ],
)
def test_a_graph_that_returns_other_tensors(wrong, found):
    def sloppy(module, inputs):
        return wrong

    compiled = compiler.optimize(lambda x: x * 2, backend=sloppy)
    for _ in range(2):
        with compiler.events.collect() as records, pytest.raises(compiler.BackendError) as caught:
            compiled(TABLE)
        text = str(caught.value)
        assert f"backend 'sloppy' compiled a graph that returned {found}" in text
        assert "lambda x: x * 2" in text
        assert "mul" in text
        assert records[-1].outcome == "fell_back"


def test_an_operator_that_returns_something_else_than_it_had_said(lenient):
    """Shapes learnt while recording are in the code that follows; it must not run."""

    @compiler.allow_in_graph
    def liar(x):
        return x.new_zeros(2) if x.is_meta else x.new_zeros(3)

    def fn(x):
        y = liar(x)
        return y, y.shape[0]

    compiled = compiler.optimize(fn)
    with compiler.events.collect() as records:
        for _ in range(2):
            y, size = compiled(TABLE)
            assert len(y) == size == 3
    assert [record.outcome for record in records] == ["compiled", "fell_back"]
    assert records[-1].reason.kind == "internal error"
    with compiler.config.patch(strict=True), pytest.raises(compiler.InternalError, match="shape"):
        compiler.optimize(lambda x: liar(x) + 1)(TABLE)


def test_effects_before_an_operator_that_raises_after_a_change():
    log = []

    def fn(index, x):
        x.add_(1)
        log.append(1)
        try:
            return F.embedding(index, x)
        except IndexError:
            return "caught"

    (expected, eager_args, _), (ours, our_args, _) = both(fn, index, lambda index: torch.zeros(5, 3))
    assert ours == expected == "caught"
    assert same(our_args, eager_args)
    assert our_args[1]._version == eager_args[1]._version
    assert log == [1, 1, 1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.zeros(10, 6)[::2, 1:4], lambda: torch.zeros(3, 5).T, lambda: torch.zeros(5, 3, dtype=torch.cfloat).conj(),
        lambda: torch.zeros(20).as_strided((5, 3), (2, 3)),
    ],
)  # fmt: skip
def test_changed_inputs_of_every_layout_are_put_back(make):
    def fn(index, x):
        x[1].add_(1)
        return TABLE[index]

    (expected, eager_args, _), (ours, our_args, _) = both(fn, index, lambda index: make())
    assert type(ours) is type(expected) is IndexError
    assert lines(ours)[-1] == lines(expected)[-1]
    assert torch.equal(our_args[1], eager_args[1])
    assert torch.equal(our_args[1]._base, eager_args[1]._base)


def test_an_operator_that_raises_half_way_through_its_change():
    def fn(index, x):
        x.index_add_(0, index, torch.ones(2, 3))
        return x

    (expected, eager_args, _), (ours, our_args, _) = both(fn, index, lambda index: torch.zeros(5, 3))
    assert type(ours) is type(expected)
    assert same(our_args, eager_args)


def test_a_change_that_autograd_has_seen():
    """That cannot be put back: the graph ends before the operator that may raise."""
    weight = torch.ones(5, 3, requires_grad=True)

    def fn(index, x):
        x.add_(weight)
        try:
            return F.embedding(index, x)
        except IndexError:
            return "caught"

    (expected, eager_args, _), (ours, our_args, _) = both(fn, index, lambda index: torch.zeros(5, 3))
    assert ours == expected == "caught"
    assert type(our_args[1].grad_fn) is type(eager_args[1].grad_fn)
    run = records_of(compiler.optimize(fn), GOOD, torch.zeros(5, 3))
    assert run.reasons[0] == ("may raise after a change", "embedding")


def test_an_inference_tensor_is_put_back():
    with torch.inference_mode():
        made = torch.zeros(5, 3)

    def fn(index, x):
        with torch.inference_mode():
            x.add_(1)
            return F.embedding(index, x)

    compiled = compiler.optimize(fn)
    outcome(compiled, GOOD, made)
    assert isinstance(outcome(compiled, BAD, made), IndexError)
    assert made.unique().tolist() == [2]


def test_a_change_that_lasts_after_the_failing_operator():
    weight = torch.ones(3, requires_grad=True)

    def fn(index, x):
        x.relu_()
        found = TABLE[index]
        x.mul_(weight)
        return found

    compiled = compiler.optimize(fn)
    for args in ((BAD, -torch.ones(5, 3)), (GOOD, torch.ones(5, 3)), (BAD, -torch.ones(5, 3))):
        eager_args, our_args = [arg.clone() for arg in args], [arg.clone() for arg in args]
        expected, ours = outcome(fn, *eager_args), outcome(compiled, *our_args)
        assert type(ours) is type(expected)
        assert same(our_args, eager_args)
        assert our_args[1].requires_grad == eager_args[1].requires_grad
        assert not hasattr(ours, "__notes__")


def test_a_division_of_integers_in_place():
    def fn(numbers, divisor):
        numbers //= divisor
        return numbers + 1

    compiled = compiler.optimize(fn)
    compiled(torch.arange(1, 4), torch.tensor([1, 2, 3]))
    results = []
    for each in (fn, compiled):
        numbers = torch.arange(1, 4)
        results.append((str(outcome(each, numbers, torch.tensor([1, 2, 0]))), numbers.tolist()))
    assert results[0] == results[1]
    assert "ZeroDivisionError" in results[0][0]


def test_a_dtype_that_no_kernel_takes_shows_in_the_first_run():
    def fn(x):
        x.view(torch.uint8).add_(1)
        try:
            return x.relu()
        except RuntimeError as error:
            return type(error)

    compiled = compiler.optimize(fn)
    results = []
    for each in (fn, compiled):
        x = torch.zeros(3).to(torch.float8_e4m3fn)
        results.append((each(x), x.view(torch.uint8).tolist()))
    assert results == [(NotImplementedError, [1, 1, 1])] * 2
