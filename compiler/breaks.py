"""The registry of graph-break kinds, and the exceptions that steer a capture.

Every reason a frame can end early is a row of `KINDS`: its explanation and the hints given
to the user. Code raises `GraphBreak(kind, context)`; the words are added here, once.
"""

from __future__ import annotations

import dataclasses
import sys

from compiler.events import RECOMPILE_LIMIT, Location, Reason


@dataclasses.dataclass(frozen=True)
class Kind:
    """A row: why this cannot be captured, and what the user can do about it."""

    explanation: str
    hints: tuple[str, ...]
    leaves: bool = False
    """Whether the rest of the frame runs natively too."""


_MOVE = "The rest is captured in front of it and behind it; for one graph, move it out of the compiled function."
_REPORT = "If this is ordinary PyTorch code, please report it: the compiler can learn it."
_DISABLE = "Keep such code outside of hot functions, or mark it with compiler.disable to make the break explicit."

KINDS: dict[str, Kind] = {
    "data-dependent jump": Kind(
        "A branch depends on the contents of a tensor, which are not known while the graph is recorded.",
        (
            "Use torch.where to choose between values without branching.",
            "Branch on what is known without the contents (a shape, a dtype, an argument that is a Python bool).",
        ),
    ),
    "data-dependent value": Kind(
        "A Python value is read out of a tensor; its contents are not known while the graph is recorded.",
        (
            "Keep the computation in tensors; read values out after the compiled function has returned.",
            "A comparison can stay a tensor: (a == b).all() in place of torch.equal(a, b).",
        ),
    ),
    "data-dependent shape": Kind(
        "The size of this operator's result depends on the contents of a tensor.",
        ("Use an operator whose result has a fixed size, such as torch.where or a mask kept as a tensor.",),
    ),
    "no shape kernel": Kind(
        "PyTorch cannot tell this operator's result from shapes alone, so it runs natively.",
        (_REPORT,),
    ),
    "may raise after a change": Kind(
        "The operator may raise for what its arguments contain, when the graph has already changed a tensor that it "
        "was given; that cannot be put back, or is too large to take a copy of on every call.",
        ("Change the tensor after such operators (indexing by tensors, torch.linalg, custom ones), or a copy of it.",),
    ),
    "unsupported opcode": Kind("The interpreter has no handler for this bytecode instruction.", (_MOVE, _REPORT)),
    "unsupported call": Kind(
        "This callable cannot be traced: it is not Python code, and no rule describes it.",
        ("compiler.allow_in_graph records a call in the graph when it only computes with tensors.", _DISABLE),
    ),
    "unsupported builtin": Kind("No rule describes this builtin for arguments of these types.", (_MOVE, _REPORT)),
    "unsupported method": Kind("No rule describes this method of a builtin type.", (_MOVE, _REPORT)),
    "unsupported attribute": Kind(
        "This attribute cannot be read without running code that is unknown.", (_MOVE, _REPORT)
    ),
    "unsupported operator": Kind("No rule describes this operator for operands of these types.", (_MOVE, _REPORT)),
    "attribute write": Kind("This attribute cannot be written without running code that is unknown.", (_DISABLE,)),
    "unsupported value": Kind("A value of this type cannot be followed.", (_MOVE, _REPORT)),
    "not a graph argument": Kind("An operator was given an argument that a graph cannot hold.", (_MOVE, _REPORT)),
    "operator refused": Kind(
        "The operator raised for these arguments while shapes were propagated; it runs in eager, where it raises "
        "or succeeds as without the compiler.",
        ("If eager raises here too, the error is the program's own.",),
    ),
    "exception leaves frame": Kind(
        "The function raises: it is run natively from here, so that the traceback is the user's own. Under "
        "fullgraph=True, too: to raise is what the program does.",
        ("Exceptions that are caught inside the compiled function stay in the graph.",),
    ),
    "user request": Kind("compiler.graph_break() was called.", ("Remove the call to capture across it.",)),
    "disabled function": Kind(
        "The function is marked with compiler.disable, compiler.skip or torch.compiler.disable.",
        ("Remove the mark to trace into it.",),
    ),
    "skipped file": Kind(
        "config.skip_files names the file: its frames run in eager.", ("Take the file out of config.skip_files.",)
    ),
    "not Python code": Kind(
        "What was given to compiler.optimize is not made of Python's bytecode: there is nothing to capture, and it "
        "runs as it is; Python functions that it calls may be captured.",
        ("Give a Python function that calls it to compiler.optimize.",),
    ),
    "output": Kind(
        "Printing, logging and file access must happen when the program gets there, so they run natively.",
        ("Move output out of compiled functions, or behind `if not compiler.is_compiling():`.",),
    ),
    "training step": Kind(
        "Gradients are computed, and parameters updated, natively; gradients flow through the captured graphs.",
        ("Compile what leads from the inputs to the loss; call backward() and the optimizer outside of it.",),
    ),
    "lock": Kind(
        "Threads and locks are used when the program gets there: other threads may hold them.",
        ("Take locks and start threads outside of the compiled function.",),
    ),
    "outside world": Kind(
        "What this returns depends on the moment (a clock, a random number of Python's, the system), so it is asked "
        "natively.",
        (
            "Ask outside of the compiled function and hand it in: as a tensor, if it changes from call to call.",
            "For random numbers inside of it, use torch's.",
        ),
    ),
    "untraced library": Kind(
        "This belongs to a library that is never traced, such as a test tool; it runs natively.",
        ("Call it outside of the compiled function.",),
    ),
    "failed assertion": Kind(
        "An assert that pytest has rewritten failed: it explains itself, and raises, natively.",
        ("What it compared stands in its message.",),
        leaves=True,
    ),
    "array library": Kind(
        "NumPy and SciPy work on arrays, which a graph of tensors cannot hold; this runs natively.",
        ("Use torch's function of the same purpose on tensors.", "Prepare arrays outside of the compiled function."),
    ),
    "overridden function": Kind(
        "An argument's class defines __torch_function__, and which code runs for this call cannot be told.",
        (_REPORT,),
    ),
    "autograd function": Kind(
        "This torch.autograd.Function does something that a single node of the graph cannot stand for: its forward "
        "changes what was there before, returns its input, or takes or gives other things than tensors and constants.",
        ("Let forward compute new tensors from tensors and constants, and do nothing else.",),
    ),
    "torch tool": Kind(
        "This part of torch looks at values, or drives the program itself; it runs natively.",
        ("Call it outside of the compiled function.",),
    ),
    "module construction": Kind(
        "Making a module makes parameters, which have to outlive the call: modules are made natively.",
        ("Make modules outside of the compiled function, as an attribute of another module, say.",),
    ),
    "another compiler": Kind(
        "The function belongs to another compiler, such as torch.compile or torch.jit; what it compiles is left to it.",
        ("Give the original function or module to compiler.optimize.",),
    ),
    "function transform": Kind(
        "Transforms of functions (torch.func, forward-mode derivatives) call the function with tensors of their own "
        "kind; they run natively, and so does what they transform.",
        ("Compute derivatives outside of the compiled function; write a vmap as operators on the whole batch.",),
    ),
    "live iterator": Kind(
        "The loop's iterator was made outside of this frame, or before an earlier graph break; "
        "it is advanced natively and the loop's body is compiled by itself.",
        ("Remove the earlier graph break in this loop and the whole loop becomes one graph.",),
    ),
    "not rebuildable": Kind(
        "A value that is alive at a later graph break cannot be made again there, so it is made natively here.",
        ("Remove the later graph break.", _REPORT),
    ),
    "generator": Kind("This use of a generator cannot be followed.", (_MOVE, _REPORT)),
    "object lifetime": Kind(
        "Code is told when this object dies, which happens as soon as nobody refers to it any more; so the rest of "
        "the frame runs natively.",
        ("Make such objects outside of the compiled function.",),
        leaves=True,
    ),
    "context manager": Kind("Entering this context manager cannot be traced.", (_MOVE, _REPORT)),
    "inline depth": Kind(
        "The chain of calls is too deep to trace into.",
        ("Raise config.max_inline_depth.", "Write a recursion as a loop."),
    ),
    "trace limit": Kind(
        "Too many bytecode instructions for one graph: probably a long loop in Python.",
        ("Replace the loop by tensor operators, or raise config.max_trace_instructions.",),
    ),
    "recompile limit": Kind(
        "The frame was compiled as often as {setting} allows; {then}.",
        (
            "The recompile reasons say what changed from call to call: keep it constant, or pass it as a tensor.",
            "Raise {setting}, where there are only so many cases.",
        ),
    ),
    "no operators": Kind("The frame contains no tensor operation.", ("Nothing to do: there is nothing to compile.",)),
    "generator frame": Kind(
        "Generators and coroutines run natively; functions they call are captured.",
        ("Move the tensor code into a plain function.",),
    ),
    "own variables": Kind(
        "The function looks at its own variables as a whole (locals(), eval, exec, vars(), dir()); a graph break would "
        "lose those that are not used again.",
        ("Move the tensor code into a function of its own.",),
    ),
    "skipped by state": Kind(
        "A mode of torch is active that is not followed (a dispatch or function mode, functorch).",
        ("Call the compiled function outside of the mode.",),
    ),
    "backend error": Kind(
        "The backend raised, or gave back something that is not a compiled graph, or its compiled graph raised where "
        "the captured one does not, or returned something else.",
        ("backend='eager' tells whether the program or the backend is at fault.",),
    ),
    "graph raised": Kind(
        "An operator of the graph raised; the frame ran from its start in eager, where it raises or succeeds as "
        "without the compiler.",
        ("The error is the program's own, and is told once for each line.",),
    ),
    "internal error": Kind(
        "The compiler itself failed; the frame runs in eager.",
        (
            "COMPILER_STRICT=1 raises the error instead, with its traceback.",
            "COMPILER_REPLAY_DIR=FOLDER saves what failed in a file, for `python -m compiler.replay FILE` elsewhere.",
            _REPORT,
        ),
    ),
}


class GraphBreak(Exception):
    """Capture cannot go past the current instruction of the root frame."""

    def __init__(self, kind: str, context: str, *, explanation: str | None = None, hints: tuple[str, ...] = ()) -> None:
        super().__init__(f"{kind}: {context}")
        self.row = KINDS[kind]
        self.kind = kind
        self.context = context
        self.explanation = explanation or self.row.explanation
        self.hints = hints or self.row.hints
        self.stack: tuple[Location, ...] | None = None

    def reason(self, stack: tuple[Location, ...], inside: int) -> Reason:
        return Reason(self.kind, self.context, self.explanation, self.hints, stack, inside)

    def forget_frames(self) -> None:
        """Drop the frames it came through, and those of what led to it: they keep objects of the program alive.

        An exception that the program itself is handling keeps its own.
        """
        error: BaseException | None = self
        handled = sys.exc_info()[1]
        while error is not None and error is not handled:
            error.__traceback__ = None
            error = error.__cause__ or error.__context__


class BreakEarlier(Exception):
    """A value made at instruction step `step` of the root frame cannot be rebuilt: break there instead."""

    def __init__(self, step: int, cause: GraphBreak) -> None:
        super().__init__(str(cause))
        self.step = step
        self.cause = cause


def reason_for(kind: str, context: str, *where: Location, inside: int = 0) -> Reason:
    """A reason that did not come from a `GraphBreak`."""
    row = KINDS[kind]
    return Reason(kind, context, row.explanation, row.hints, where, inside)


def recompile_limit(limit: int, setting: str, where: Location, *, strict: bool) -> Reason:
    """The reason for a frame that has `limit` entries, as many as `setting` allows; `strict` where it must have one."""
    reason = reason_for(RECOMPILE_LIMIT, f"{limit} compiled entries", where)
    then = "fullgraph=True allows no eager run" if strict else "calls that fit no entry run in eager"
    return dataclasses.replace(
        reason,
        explanation=reason.explanation.format(setting=setting, then=then),
        hints=tuple(hint.format(setting=setting) for hint in reason.hints),
    )


def internal_error(context: str, where: Location, saved: object) -> Reason:
    """The reason for an error of our own; `saved` is the replay file, if there is one."""
    reason = reason_for("internal error", context, where)
    if saved is None:
        return reason
    strict, _, report = reason.hints
    return dataclasses.replace(reason, hints=(strict, f"To replay it: python -m compiler.replay {saved}", report))
