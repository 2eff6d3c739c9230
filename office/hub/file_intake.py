"""What a stick brought from a gate: its log and its receipt, stored once like what comes by wire."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from office.errors import OfficeError
from office.hub.enrolment_intake import take_request
from office.hub.log_intake import Batch, Erased
from office.hub.port import HubStorage
from office.hub.reception import take_events, take_log_epoch, take_receipt
from sync.codec import CodecError
from sync.enrolment import read_enrolment_file
from sync.enrolment_talk import EnrolmentAnswer, EnrolmentState
from sync.message_file import read_messages
from sync.messages import LogBatch, LogEpochSent, Message, ReceiptSent
from sync.statements.log_epoch import FORM as LOG_EPOCH
from sync.statements.log_epoch import verify_log_epoch
from sync.statements.log_head import verify_log_head
from sync.statements.refusal import StatementError
from sync.statements.wire import Sender, claimed_sender


class TakenIn(Struct, frozen=True):
    """What a file brought."""

    gate_id: int
    last_event: int
    """The office has every event of this log up to here."""
    receipts: int


def judged_batch(message: LogBatch, sender: Sender) -> Batch:
    """A batch whose signed ends are this gate's; raises ``StatementError``."""
    before = message.signed_before
    return Batch(
        message.epoch,
        message.first,
        [Erased(one.hashed or b"") if one.payload is None else one.payload for one in message.entries],
        verify_log_head(message.signed_head, sender),
        None if before is None else verify_log_head(before, sender),
    )


def take_file(store: HubStorage, path: Path, at: int) -> TakenIn:
    """Take in a gate's file; what was taken before something wrong in it stays.

    Raises:
        OfficeError: it is no such file, of a gate that is not registered, or not signed by it.
    """
    sender: Sender | None = None
    last = receipts = 0
    try:
        with path.open("rb") as file:
            for message in read_messages(file):
                sender = sender or _sender(store, message)
                match message:
                    case LogEpochSent(signed):
                        take_log_epoch(store, verify_log_epoch(signed, sender), at)
                    case ReceiptSent(signed):
                        take_receipt(store, sender.gate_id, signed, at)
                        receipts += 1
                    case LogBatch():
                        last = take_events(store, sender.gate_id, judged_batch(message, sender), at)
    except OSError as error:
        raise OfficeError(f"{path}: cannot be read ({error.strerror})") from error
    except (CodecError, StatementError) as error:
        raise OfficeError(f"{path}: {error}") from None
    if sender is None:
        raise OfficeError(f"{path}: is empty")
    return TakenIn(sender.gate_id, last, receipts)


def take_enrolment(store: HubStorage, path: Path, data: bytes, at: int) -> EnrolmentAnswer | None:
    """Take in the gate's request to be enrolled in a file's bytes; ``None`` if they are of another kind.

    Raises:
        OfficeError: the request is refused.
    """
    signed = read_enrolment_file(data)
    if signed is None:
        return None
    answer = take_request(store, signed, at)
    if answer.state is EnrolmentState.REFUSED:
        raise OfficeError(f"{path}: refused: {answer.text}")
    return answer


def _sender(store: HubStorage, first: Message) -> Sender:
    """Whose file it is: the announcement of its log stands first."""
    if not isinstance(first, LogEpochSent):
        raise CodecError("the file does not begin with the announcement of a log")
    estate_id, gate_id = claimed_sender(LOG_EPOCH, first.signed)
    gate = store.gates.get(gate_id)
    if gate.struck_at is not None:
        raise OfficeError(f"gate {gate_id} was struck off: its file is not taken in")
    return Sender(estate_id, gate_id, gate.public_key)
