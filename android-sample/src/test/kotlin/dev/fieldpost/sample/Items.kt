package dev.fieldpost.sample

import dev.fieldpost.Action
import dev.fieldpost.Item
import dev.fieldpost.Kind
import dev.fieldpost.Operation
import dev.fieldpost.Original
import dev.fieldpost.Proof
import dev.fieldpost.Reason
import dev.fieldpost.Receipt
import dev.fieldpost.Status
import dev.fieldpost.Why
import kotlin.time.Instant

/** Ten in the morning, in UTC. */
val TEN: Instant = Instant.parse("2026-11-21T10:00:00Z")

/** An item as the library tells of one, for tests of the screen alone. */
fun item(number: Int, status: Status, kind: Kind = Kind.PHOTO, caption: String? = null) =
    Item(
        id = "01990000-0000-7000-8000-%012d".format(number),
        operation = Operation.UPLOAD,
        kind = kind,
        account = "acme",
        workOrder = "10234",
        name = "boiler-%08d.jpg".format(number),
        caption = caption,
        tags = emptyList(),
        status = status,
        attempts = 0,
        capturedAt = TEN,
        flags = emptyList(),
        original = Original(bytes = 4_167_727, sha256 = "0".repeat(64)),
        sent = null,
    )

fun why(reason: Reason, action: Action = Action.NONE, detail: String? = null, until: Instant? = null) =
    Why(reason, detail, until, action)

fun receipt(remoteId: String? = "81423", proof: Proof = Proof.ANSWER) =
    Receipt(remoteId, deliveredAt = TEN, proof = proof, surplus = emptyList())

/** An item in each tone, as a job has them on a bad day. */
val BAD_DAY: List<Item> =
    listOf(
        item(1, Status.Delivered(receipt()), caption = "Boiler plate"),
        item(2, Status.Delivered(receipt(proof = Proof.FOUND)), Kind.SIGNATURE, caption = "Signed by A. Smith"),
        item(
            3,
            Status.Blocked(why(Reason.REFUSED, Action.REVIEW, detail = "409: Work order is rejected")),
            caption = "Pressure gauge after the repair, left of the door in the second basement",
        ),
        item(4, Status.Waiting(why(Reason.SERVER_BUSY, detail = "503", until = TEN)), caption = "Flue, from below"),
        item(5, Status.Sending, caption = "Serial number"),
        item(6, Status.Waiting(why(Reason.NO_NETWORK, Action.CONNECT)), Kind.DOCUMENT, caption = "Test report"),
        item(7, Status.Captured(why(Reason.NOT_STARTED))),
    )
