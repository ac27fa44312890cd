"""C8: throw and close, delegation, what leaves a generator; context managers made of generators."""

from __future__ import annotations

import contextlib

from tests.compiler.plain import agree_plain


def inner(log):
    try:
        yield 1
        yield 2
    except ValueError as error:
        yield f"caught {error}"
        return "returned"
    finally:
        log.append("finally")


def outer(log):
    result = yield from inner(log)
    yield "outer", result


def text_of(call):
    try:
        return call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def test_throw_goes_through_a_delegation():
    def main():
        log = []
        generator = outer(log)
        found = [next(generator), generator.throw(ValueError("thrown")), next(generator)]
        generator.close()
        return found, list(generator), log

    agree_plain(main, whole=True)


def test_close_runs_what_is_pending():
    def main():
        log = []
        started, fresh = outer(log), outer(log)
        next(started)
        started.close()
        fresh.close()
        return log, list(fresh), text_of(lambda: next(started))

    agree_plain(main, whole=True)


def test_throwing_into_a_generator_that_does_not_run():
    def main():
        log = []
        fresh, ended = outer(log), outer(log)
        list(ended)
        return (
            text_of(lambda: fresh.throw(KeyError("early"))),
            text_of(lambda: fresh.send(None)),
            text_of(lambda: ended.throw(KeyError("late"))),
            log,
        )

    agree_plain(main, whole=True)


def test_a_generator_that_will_not_be_closed():
    def stubborn(rounds):
        for _ in range(rounds):
            try:
                yield
            except GeneratorExit:
                pass

    def main():
        generator = stubborn(2)
        next(generator)
        return text_of(generator.close), text_of(generator.close)

    agree_plain(main)


def test_stop_iteration_inside_a_generator_is_an_error():
    def stops():
        yield 1
        raise StopIteration(3)

    def main():
        try:
            list(stops())
        except RuntimeError as error:
            return str(error), type(error.__cause__), error.__cause__ is error.__context__, error.__suppress_context__

    agree_plain(main, whole=True)


def test_generators_keep_the_exception_they_handle():
    def handles():
        try:
            raise ValueError("own")
        except ValueError:
            yield 1
            try:
                raise KeyError("second")
            except KeyError as error:
                yield type(error.__context__)

    def main():
        generator = handles()
        try:
            raise TypeError("outside")
        except TypeError:
            next(generator)
        return next(generator)

    agree_plain(main)


def test_context_managers_of_contextlib():
    @contextlib.contextmanager
    def manager(log, name):
        log.append(f"enter {name}")
        try:
            yield name
        except KeyError:
            log.append("swallowed")
        finally:
            log.append(f"exit {name}")

    def main():
        log = []
        with manager(log, 1) as name:
            log.append(name)
        with manager(log, 2):
            raise KeyError
        try:
            with manager(log, 3):
                raise ValueError("through")
        except ValueError as error:
            log.append(str(error))
        with contextlib.suppress(ValueError):
            raise ValueError
        with contextlib.ExitStack() as stack:
            stack.enter_context(manager(log, 4))
            stack.callback(log.append, "callback")
        with contextlib.nullcontext(5) as name:
            log.append(name)
        return log

    agree_plain(main, whole=True)


def test_notes_causes_and_contexts_can_be_written():
    def main():
        try:
            raise ValueError("first")
        except ValueError as error:
            error.add_note("one")
            error.add_note("two")
            second = KeyError("second")
            second.__cause__ = error
            second.__suppress_context__ = False
            second.__context__ = None
            return error.__notes__, second.__cause__ is error, second.__suppress_context__, second.__context__

    agree_plain(main, whole=True)
