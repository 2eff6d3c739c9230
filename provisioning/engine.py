"""Runs the steps of a visit: plan, apply, verify, undo. Each may be cut off at any point and run again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from provisioning.errors import ProvisioningError, RefusedError
from provisioning.step import Condition, State, Step, cannot, done
from provisioning.visit import Visit


class Result(Struct, frozen=True):
    """One step and how it stands."""

    step: str
    title: str
    state: State


Progress = Callable[[Result], None]
"""Told of each step as it begins (still *to do*) and as it ends."""


class StepFailedError(ProvisioningError):
    """A step stopped in the middle. Those before it stand; the journal knows what it had begun."""

    def __init__(self, step: str, cause: ProvisioningError) -> None:
        super().__init__(
            f"{step}: {cause}\nsteps before it stand; once the cause is gone run apply again, which goes on"
            " here, or uninstall, which takes all back"
        )
        self.step = step


def silent(result: Result) -> None:
    """The progress of a caller who waits for the end."""


def plan(visit: Visit, steps: Sequence[Step]) -> list[Result]:
    """How each step stands; nothing is touched. A step that was interrupted is to be done."""
    return [_result(step, _standing(visit, step)) for step in steps]


def apply(visit: Visit, steps: Sequence[Step], progress: Progress = silent) -> list[Result]:
    """Do every step that is not done, in order.

    Raises:
        RefusedError: a step cannot be done here; nothing was touched.
        StepFailedError: one stopped; see there.
        ProvisioningError: the journal cannot be written; nothing was touched.
    """
    refuse_impossible(plan(visit, steps))
    visit.journal.open()
    visit.journal.note_board(visit.board.name)
    return [_apply_step(visit, step, progress) for step in steps]


def verify(visit: Visit, steps: Sequence[Step], progress: Progress = silent) -> list[Result]:
    """What each step says of itself on this machine."""
    results = []
    for step in steps:
        try:
            state = step.verify(visit)
        except ProvisioningError as error:
            state = cannot(str(error))
        results.append(_result(step, state))
        progress(results[-1])
    return results


def undo(
    visit: Visit, steps: Sequence[Step], progress: Progress = silent, *, purge: bool = False
) -> list[str]:
    """Take back what the journal knows of, last step first; returns what stays, and why.

    Without ``purge`` the steps that hold the gate's state stay.

    Raises:
        StepFailedError: one could not be taken back; those after it are.
    """
    visit.journal.open()
    stays = _undo_strangers(visit, steps)
    for step in reversed(steps):
        record = visit.journal.record
        known = step.name in (*record.unfinished, *record.finished) or visit.journal.changes_of(step.name)
        # What holds the state may be the package's work and no change of ours: it is purged all the same.
        if not (purge if step.holds_state else known):
            continue
        visit.journal.begin(step.name)
        try:
            stays.extend(step.undo(visit))
        except ProvisioningError as error:
            raise StepFailedError(step.name, error) from error
        visit.journal.forget_step(step.name)
        progress(_result(step, done("taken back")))
    return stays


def _undo_strangers(visit: Visit, steps: Sequence[Step]) -> list[str]:
    """Take back what steps of another release changed, which this one does not have."""
    record = visit.journal.record
    names = dict.fromkeys([*record.finished, *record.unfinished, *(one.step for one in record.changes)])
    stays = []
    for name in reversed([one for one in names if one not in {step.name for step in steps}]):
        stays.extend(visit.tree.undo(name))
        visit.journal.forget_step(name)
    return stays


def refuse_impossible(results: Sequence[Result]) -> None:
    """Raise ``RefusedError`` with every reason why this cannot be done here."""
    reasons = [
        f"{one.step}: {one.state.reason}" for one in results if one.state.condition is Condition.CANNOT
    ]
    if reasons:
        raise RefusedError(reasons)


def _apply_step(visit: Visit, step: Step, progress: Progress) -> Result:
    result = _result(step, _standing(visit, step))
    progress(result)
    if result.state.at_rest:
        return result
    try:
        _do(visit, step, result.state)
    except ProvisioningError as error:
        raise StepFailedError(step.name, error) from error
    result = _result(step, State(Condition.DONE, "done now", result.state.changes))
    progress(result)
    return result


def _do(visit: Visit, step: Step, before: State) -> None:
    if before.condition is Condition.CANNOT:  # an earlier step did not bring what this one hoped for
        raise ProvisioningError(before.reason)
    visit.journal.begin(step.name)
    step.apply(visit)
    after = step.check(visit)
    if not after.at_rest:
        left = "; ".join(after.changes) or after.reason
        raise ProvisioningError(f"did its work, and yet it is not done: {left}")
    visit.journal.finish(step.name)


def _standing(visit: Visit, step: Step) -> State:
    """What the step says; one that a power cut left unfinished is run again, whatever its files look like."""
    try:
        state = step.check(visit)
    except ProvisioningError as error:
        return cannot(str(error))
    if state.condition is Condition.DONE and step.name in visit.journal.record.unfinished:
        return State(Condition.TO_DO, "was interrupted", ("finish what an interrupted visit began",))
    return state


def _result(step: Step, state: State) -> Result:
    return Result(step.name, step.title, state)
