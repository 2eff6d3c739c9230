"""Two clerks at one card at the same moment: `python -m tests.support.clerks_at_once DIR`.

A process and an office of its own: what threads commit cannot be rolled back by a test. Printed is, as JSON,
what became of each race and what is in the tables after it.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from office.site.cli import with_django

Step = Callable[[], object]


def main() -> None:
    """All of the races."""
    with_django(Path(sys.argv[1]))
    races = {name: race() for name, race in _races().items()}
    from office.casework.trail import broken_links  # noqa: PLC0415 - after setup
    from office.registry.models import AuditEntry  # noqa: PLC0415

    numbers = list(AuditEntry.objects.order_by("number").values_list("number", flat=True))
    trail = {"broken": list(broken_links()), "whole": numbers == list(range(1, len(numbers) + 1))}
    sys.stdout.write(json.dumps({"races": races, "trail": trail}))


def at_once(*steps: Step) -> list[str]:
    """What became of each, all of them begun in the same moment on connections of their own."""
    from django.db import IntegrityError, connection  # noqa: PLC0415 - after setup

    from office.procedures.errors import RuleError  # noqa: PLC0415

    ready, said = threading.Barrier(len(steps)), [""] * len(steps)

    def run(number: int, step: Step) -> None:
        ready.wait()
        try:
            step()
            said[number] = "done"
        except RuleError as error:
            said[number] = error.refused.value
        except IntegrityError:
            said[number] = "faster"  # the desk says: somebody else was faster
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(steps)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return sorted(said)


def _races() -> dict[str, Callable[[], tuple[list[str], int]]]:
    """Each gives what became of its steps, and how many rows of what they made there are."""
    from office.casework import issuing, loss, payments  # noqa: PLC0415 - after setup
    from office.registry import models  # noqa: PLC0415
    from tests.support.office_estate import OfficeEstate  # noqa: PLC0415

    estate = OfficeEstate()
    first, second = estate.staff(models.StaffRole.CLERK), estate.staff(models.StaffRole.CLERK)
    models.Policy.objects.create(quota_below=5)
    card = estate.issue_card(first)
    unpaid, other = estate.apply(first, "spouse", "parent")
    cash, due, chip = models.PaymentMethod.CASH, payments.fee_due(unpaid), estate.next_chip()
    wish = {name: [issuing.CardWish(estate.add_person(name).pk, "friend")] for name in ("a", "b", "c")}
    submission, lost = uuid4(), loss.Report(models.LossKind.LOST)

    def apply(clerk: object, name: str, number: object) -> Step:
        return lambda: issuing.apply_for_cards(clerk, estate.unit, estate.applicant, wish[name], number)  # type: ignore[arg-type]

    def report() -> tuple[list[str], int]:
        both = [
            lambda who=who: loss.report_loss(who, card.pk, estate.applicant, lost) for who in (first, second)
        ]
        return at_once(*both), models.LossCase.objects.count()

    def pay() -> tuple[list[str], int]:
        who = ((first, "R1"), (second, "R2"))
        both = [lambda one=one: payments.pay_fee(one[0], unpaid.pk, due, cash, one[1]) for one in who]
        return at_once(*both), models.Payment.objects.filter(issue=unpaid).count()

    def give() -> tuple[list[str], int]:
        who = ((first, unpaid), (second, other))
        both = [lambda one=one: issuing.give_chip(one[0], one[1].pk, chip, "") for one in who]
        return at_once(*both), models.Issue.objects.filter(chip__number=chip.number.hex().upper()).count()

    def send() -> tuple[list[str], int]:
        said = at_once(*[apply(first, "a", submission)] * 2)
        return said, models.Application.objects.filter(submission=submission).count()

    def last() -> tuple[list[str], int]:
        """Four cards count now: one more is allowed, whoever is first."""
        said = at_once(apply(first, "b", uuid4()), apply(second, "c", uuid4()))
        return said, models.Issue.objects.filter(unit=estate.unit).count()

    return {"report": report, "pay": pay, "give": give, "send": send, "last": last}


if __name__ == "__main__":
    main()
