package dev.fieldpost

/** Why it is not delivered, until when, and what would help. Null for what is being sent, delivered or cancelled. */
public val Item.why: Why?
    get() =
        when (val status = status) {
            is Status.Captured -> status.why
            is Status.Queued -> status.why
            is Status.Waiting -> status.why
            is Status.Verifying -> status.why
            is Status.Blocked -> status.why
            Status.Sending, is Status.Delivered, Status.Cancelled -> null
        }

/** The proof of delivery. Null for what is not delivered. */
public val Item.receipt: Receipt?
    get() = (status as? Status.Delivered)?.receipt

/** Where it stands, without its particulars: for filters and groups. [Item.status] has them. */
public val Item.state: State
    get() =
        when (status) {
            is Status.Captured -> State.CAPTURED
            is Status.Queued -> State.QUEUED
            Status.Sending -> State.SENDING
            is Status.Waiting -> State.WAITING
            is Status.Verifying -> State.VERIFYING
            is Status.Blocked -> State.BLOCKED
            is Status.Delivered -> State.DELIVERED
            Status.Cancelled -> State.CANCELLED
        }
