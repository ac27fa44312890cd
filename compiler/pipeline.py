"""From a frame that fits no compiled code to an entry that does: the passes, in order, in `compile_frame`."""

from __future__ import annotations

import dataclasses
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

import torch

from compiler import _C, breaks, events, recording, skips
from compiler.backends.outputs import Output
from compiler.backends.running import CompiledGraph, backend_error
from compiler.breaks import BreakEarlier, GraphBreak
from compiler.bytecode.decode import decode
from compiler.bytecode.flow import reads_own_variables
from compiler.errors import BackendError, InternalError, Unsupported
from compiler.events import FrameRecord, Location, Reason
from compiler.graph.modes import read_all, restore, saved_tensor_hooks
from compiler.guards import Guard
from compiler.interpreter import handlers  # noqa: F401 - fills the dispatch table
from compiler.interpreter.capture import Capture
from compiler.interpreter.frame import StopHere
from compiler.interpreter.generators import refuse_suspended
from compiler.options import Options, config
from compiler.output import code as output
from compiler.output import resume
from compiler.state import state_guard, unfollowed_mode
from compiler.values.objects import ObservedException

if TYPE_CHECKING:
    from compiler.output.code import Captured
    from compiler.output.plan import Plan

_MAX_ATTEMPTS = 64
_REJECTIONS = 16
"""So many of the entries that do not fit a frame, the latest ones, say why."""

_adding = threading.Lock()


class _ProgramRaises(Exception):
    """What the program does with these arguments is to raise: no graph break, in full-graph mode, but an eager run."""

    def __init__(self, cause: GraphBreak) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclasses.dataclass
class Attempt:
    """Why and where the next attempt at a frame has to stop."""

    step: int
    cause: GraphBreak
    index: int | None
    """Canonical instruction at that step, to notice attempts that diverge."""


def compile_frame(request: _C.Request, context: _C.Context, options: Options) -> _C.Entry | None:
    """Capture, compile and rewrite one frame; publishes exactly one record.

    Returns:
        The entry to run, which has been added to the frame's cache; ``None`` to run in eager this once.

    Raises:
        Unsupported: a graph break, in full-graph mode.
        BackendError: the backend failed.
        InternalError: we failed, in strict mode.
    """
    work = _Work(request, context, options)
    try:
        return work.compile()
    except (Unsupported, BackendError):
        raise
    except Exception as error:
        return work.fell_back(error)
    finally:
        work.release()


class _Work:
    """One call of `compile_frame`."""

    def __init__(self, request: _C.Request, context: _C.Context, options: Options) -> None:
        self.request = request
        self.context = context
        self.options = options
        self.started = time.perf_counter_ns()
        self.backend_ns = 0
        self.cx: Capture | None = None
        self._rejected = [entry for entry, _ in request.failures]
        self.recompile = tuple(_rejection(entry, failed, request) for entry, failed in request.failures[-_REJECTIONS:])

    def release(self) -> None:
        """Let go of the last attempt."""
        if self.cx is not None:
            self.cx.release()
            self.cx = None

    # -- the passes ----------------------------------------------------------------------

    def compile(self) -> _C.Entry | None:
        mode = unfollowed_mode()
        if mode is not None:
            self._skip(breaks.reason_for("skipped by state", mode, self.location()))
            return None
        if reads_own_variables(decode(self.request.code)):
            self._skip(breaks.reason_for("own variables", self.location().function, self.location()))
            return self._add(_C.Entry(self.context, None, None, keep_hook=True))
        limit = self.options.recompile_limit
        limit = config.recompile_limit if limit is None else limit
        if self._entries() >= limit:
            return self._made_meanwhile(self.request.cache.entries) or self._give_up(limit)
        try:
            captured, cause = self._capture()
        except _ProgramRaises as raises:
            self.publish("skipped", raises.cause.reason(raises.cause.stack or (self.location(),), 0), self.cx)
            return _C.Entry(self.context, None, None, keep_hook=False)
        try:
            captured.cx.guard_namespaces_of_objects()
        except GraphBreak as refusal:
            self._skip(refusal.reason((self.location(),), 0))
            return None
        plan = output.plan(captured)
        return self._finish(captured, cause, plan)

    def _entries(self) -> int:
        return sum(entry.context is self.context for entry in self.request.cache.entries)

    def _give_up(self, limit: int) -> _C.Entry:
        """Calls that fit no entry run in eager from now on."""
        own = self.options.recompile_limit is not None
        setting = "recompile_limit of compiler.optimize" if own else "config.recompile_limit"
        self._skip(breaks.recompile_limit(limit, setting, self.location(), strict=self.options.fullgraph))
        return self._add(_C.Entry(self.context, None, None, keep_hook=True))

    def _skip(self, reason: Reason) -> None:
        """The frame runs in eager, which a full graph is not."""
        record = self.publish("skipped", reason)
        if self.options.fullgraph:
            raise Unsupported(record)

    def _capture(self) -> tuple[Captured, GraphBreak | None]:
        """Interpret the frame; after a graph break, again, up to the same instruction."""
        attempt: Attempt | None = None
        for _ in range(_MAX_ATTEMPTS):
            outcome = self._attempt(attempt)
            if not isinstance(outcome, Attempt):
                return outcome, attempt.cause if attempt else None
            if attempt is not None and outcome.step >= attempt.step:
                raise InternalError(f"capture diverged: stopped at step {attempt.step}, then broke at {outcome.step}")
            attempt = outcome
            attempt.cause.forget_frames()
        raise InternalError("capture does not settle on a place for the graph break")

    def _attempt(self, attempt: Attempt | None) -> Captured | Attempt:
        modes = read_all()
        try:
            self.release()
            cx = self.cx = Capture(self.request, self.options, attempt.step if attempt else None)
            return self._interpret(cx, attempt)
        except BreakEarlier as earlier:
            earlier.cause.stack = earlier.cause.stack or (cx.root.location(),)
            return Attempt(max(earlier.step - 1, 0), earlier.cause, None)
        finally:
            restore(modes)

    def _interpret(self, cx: Capture, attempt: Attempt | None) -> Captured | Attempt:
        try:
            _, returned = cx.run_root()
        except StopHere:
            assert attempt is not None
            at = cx.root.ip
            if attempt.index is not None and attempt.index != at:
                raise InternalError(f"capture diverged: instruction {attempt.index} became {at}") from None
            cx.refuse_handlers(attempt.cause)
            captured = output.Captured(cx, None, at, attempt.cause.row.leaves)
        except ObservedException as exc:
            cause = GraphBreak("exception leaves frame", exc.value.cls.__name__)
            cause.stack = (cx.root.location(),)
            if self.options.fullgraph:
                raise _ProgramRaises(cause) from None
            return self._broken_at(cx, cause)
        except GraphBreak as cause:
            return self._broken_at(cx, cause)
        else:
            captured = output.Captured(cx, returned)
        output.plan(captured)  # a value that cannot be rebuilt moves the break
        refuse_suspended(cx)
        return captured

    def _broken_at(self, cx: Capture, cause: GraphBreak) -> Attempt:
        return Attempt(cx.step - 1, cause, cx.root.current)

    def _finish(self, captured: Captured, cause: GraphBreak | None, plan: Plan) -> _C.Entry | None:
        cx = captured.cx
        reason = self._reason(cause)
        if reason is not None and self.options.fullgraph:
            record = self.publish("broken", reason, cx)
            raise Unsupported(record)
        cx.graph.finish(plan.outputs, captured.modes)
        nothing = cx.graph.ops == 0
        module = None if nothing and not events.wants_details() else cx.graph.module()
        graph = None if nothing or module is None else self._backend(module, cx, plan)
        stoppable = self._guard_hooks(captured, plan)
        guards, checks = self._guards(captured)
        if stoppable:
            self._skip(breaks.reason_for("skipped by state", "saved-tensor hooks, and effects", self.location()))
            return self._add(_C.Entry(self.context, guards, None, keep_hook=True))
        details: dict[str, Any] = {}
        if nothing and reason is None and not config.capture_all_frames and not _has_effects(captured, plan):
            entry = _C.Entry(self.context, guards, None, keep_hook=False)
            reason = breaks.reason_for("no operators", self.location().function, self.location())
            outcome: events.Outcome = "skipped"
        else:
            code = output.rewrite(captured, plan, graph)
            entry = _C.Entry(self.context, guards, code, keep_hook=reason is not None, graph=graph)
            outcome = "broken" if reason is not None else "compiled"
            details = {"code": code}
        entry.checks = checks
        if events.wants_details():
            details |= {
                "graph_module": module,
                "guards": [str(check) for check in checks if check.kind != "exists"],
                "original": self.request.code,
            }
            if graph is not None:
                details["graph"] = graph
        self.publish(outcome, reason, cx, details)
        return self._add(entry)

    # -- parts ---------------------------------------------------------------------------

    def _reason(self, cause: GraphBreak | None) -> Reason | None:
        return cause.reason(*skips.with_users_line(cause.stack or (self.location(),))) if cause is not None else None

    def _backend(self, module: torch.fx.GraphModule, cx: Capture, plan: Plan) -> _C.GraphCall:
        """Hand the graph to the backend."""
        name = self.options.backend_name
        inputs = [real for _, real in cx.graph.inputs]
        started = time.perf_counter_ns()
        try:
            compiled = self.options.backend(module, inputs)
        except Exception as error:
            raise self._refused(module, f"raised {type(error).__name__}: {error}") from error
        finally:
            self.backend_ns = time.perf_counter_ns() - started
        if not callable(compiled):
            raise self._refused(module, f"returned {compiled!r}, which is not callable")
        changes = cx.graph.changes
        places = {value: index for index, (value, _) in enumerate(cx.graph.inputs)}
        return CompiledGraph(
            run=compiled,
            module=module,
            outputs=tuple(Output(value.example.shape, value.example.dtype, value.device) for value in plan.outputs),
            backend_name=name,
            modes=cx.graph.modes.before_the_graph(),
            frame=self.location(),
            strict=self.options.fullgraph,
            changed=frozenset(
                places[value] for value in changes.changed if value not in changes.lasting - changes.at_risk
            ),
            at_risk=frozenset(places[value] for value in changes.at_risk),
            drawn_on=frozenset(cx.graph.drawn_on),
        ).callable()

    def _guard_hooks(self, captured: Captured, plan: Plan) -> bool:
        """Whether hooks may stop the graph midway, and effects of the frame up to there would be lost."""
        cx = captured.cx
        if not (torch.is_grad_enabled() and cx.graph.ops and (plan.effects or cx.ledger.globals)):
            return False
        active = saved_tensor_hooks()

        def same(_: Any) -> bool:
            return saved_tensor_hooks() == active

        same.__doc__ = f"saved-tensor hooks are {'active' if active else 'not active'}"
        cx.guards.add(cx.sources.constant("torch", saved_tensor_hooks), "predicate", same)
        return active

    def _refused(self, module: torch.fx.GraphModule, what: str) -> BackendError:
        error = backend_error(self.options.backend_name, what, module, self.location())
        self.publish("fell_back", error.reason, self.cx)
        return error

    def _guards(self, captured: Captured) -> tuple[_C.GuardTree, list[Guard]]:
        """The guard tree, tried on the very frame it was made for."""
        cx = captured.cx
        cx.guards.state(state_guard())
        cx.finish_guards()
        tree, checks = cx.guards.build(output.brought_inputs(captured))
        request = self.request
        failed = tree.check(request.locals, request.globals, request.builtins, request.closure)
        if failed != -1:
            raise InternalError(f"a guard fails on its own frame: {checks[failed].failure(request)}")
        return tree, checks

    def _add(self, entry: _C.Entry) -> _C.Entry:
        """Keep an entry, unless another thread has made one that fits in the meantime."""
        cache = self.request.cache
        while True:
            before = cache.entries
            other = self._made_meanwhile(before)
            if other is not None:
                return other
            with _adding:
                if cache.entries == before:
                    cache.add(entry)
                    return entry

    def _made_meanwhile(self, entries: list[_C.Entry]) -> _C.Entry | None:
        """An entry that fits, made since this frame found none."""
        for entry in entries:
            if entry.context is self.context and entry not in self._rejected and self._fits(entry.guards):
                return entry
        return None

    def _fits(self, guards: _C.GuardTree | None) -> bool:
        request = self.request
        return guards is None or guards.check(request.locals, request.globals, request.builtins, request.closure) == -1

    # -- records -------------------------------------------------------------------------

    def location(self) -> Location:
        code = self.request.code
        resumed = resume.resume_of(code)
        line = resumed.line if resumed else code.co_firstlineno
        return Location(code.co_filename, line, code.co_qualname)

    def publish(
        self,
        outcome: events.Outcome,
        reason: Reason | None,
        cx: Capture | None = None,
        details: dict[str, Any] | None = None,
    ) -> FrameRecord:
        record = FrameRecord(
            outcome=outcome,
            frame=self.location(),
            reason=reason,
            recompile=self.recompile,
            graph_ops=cx.graph.ops if cx is not None else 0,
            capture_ns=time.perf_counter_ns() - self.started - self.backend_ns,
            backend_ns=self.backend_ns,
            details=details or {},
        )
        events.publish(record)
        return record

    def fell_back(self, error: Exception) -> _C.Entry | None:
        """An error of our own: the frame runs in eager, and the record says so."""
        if config.strict:
            raise InternalError(f"{self.location().function} ({self.location()}): {error}") from error
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"in {last.name}, line {last.lineno} of {last.filename.rpartition('/')[2]}"
        context = f"{type(error).__name__}: {error} ({place})"
        where = self.location() if self.cx is None else self.cx.root.location()
        saved = recording.save(self.request.func, self.request.locals, self.options, error)
        self.publish("fell_back", breaks.internal_error(context, where, saved), None, {"error": error})
        return self._add(_C.Entry(self.context, self._partial_guards(), None, keep_hook=True))

    def _partial_guards(self) -> _C.GuardTree | None:
        """The facts used before the error: the same facts lead to the same error."""
        if self.cx is None:
            return None
        try:
            tree, _ = self.cx.guards.build()
        except Exception:  # guards that cannot be built cannot be relied on: never try this code again
            return None
        return tree if self._fits(tree) else None


def _has_effects(captured: Captured, plan: Any) -> bool:
    return bool(plan.effects or captured.cx.ledger.globals or captured.modes)


def _rejection(entry: _C.Entry, failed: int, request: _C.Request) -> str:
    """Why an entry does not fit a frame."""
    checks: list[Guard] = getattr(entry, "checks", [])
    if not 0 <= failed < len(checks):
        return "an unknown guard"
    return checks[failed].failure(request)
