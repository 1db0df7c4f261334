package dev.fieldpost

import kotlin.time.Duration
import kotlin.time.Instant

/**
 * How a delivery ended.
 *
 * @property delivered items that it delivered.
 * @property waiting items that are still to be delivered.
 * @property blocked items that need a person.
 * @property next when the next of them goes on by itself, where that is known: a good time for the next delivery.
 * @property tokenErrors what the app's sign-in threw, by account; for a token that cannot be one,
 *   [OutboxException.Invalid].
 */
public data class Delivery(
    val delivered: Int,
    val waiting: Int,
    val blocked: Int,
    val next: Instant?,
    val tokenErrors: Map<String, Throwable>,
)

/** Runs the native delivery, in the door's keeping: [Outbox.stop] and [Outbox.pause] wait for its end. */
internal suspend fun Door.deliver(patience: Duration, watch: Boolean, http: Http, tokens: Tokens): Delivery {
    require(!patience.isNegative()) { "the patience cannot be below zero" }
    val how = Deliver(patience, watch, http)
    val signIn = SignIn(tokens)
    val summary = asking("fieldpost-delivery", signIn, ::running) { asker, stop -> deliver(how, asker, stop) }
    return Delivery(
        delivered = summary.delivered,
        waiting = summary.waiting,
        blocked = summary.blocked,
        next = summary.next,
        tokenErrors = signIn.errors,
    )
}
