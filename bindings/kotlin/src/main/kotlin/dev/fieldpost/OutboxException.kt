package dev.fieldpost

/**
 * Why a call failed. Nothing was lost by it: a call either did all of what it says, or nothing.
 *
 * The kind says what an app can do; the message, in English, what happened, to what, and what helps. It holds no secret, but
 * may hold a path of this device. What hinders an *item* is no exception but its [why][Item.why].
 */
public sealed class OutboxException(message: String) : Exception(message) {
    /** No account of that id is configured. Put it first. */
    public class UnknownAccount(message: String) : OutboxException(message)

    /** No item of that id is here. */
    public class UnknownItem(message: String) : OutboxException(message)

    /** The file to capture is missing, a folder, or cannot be read. */
    public class CannotRead(message: String) : OutboxException(message)

    /** The account still has items that are not delivered. Deliver or cancel them first. */
    public class AccountBusy(message: String) : OutboxException(message)

    /** The item stands where it does not take this answer, such as cancelling what is delivered. Look at it again. */
    public class NotNow(message: String) : OutboxException(message)

    /** Another process delivers from this outbox, or another object in this one. It delivers what is here too. */
    public class AlreadyDelivering(message: String) : OutboxException(message)

    /**
     * No room. What was to be captured was refused whole, nothing that waits was touched: free some space, try again.
     */
    public class DiskFull(message: String) : OutboxException(message)

    /**
     * The outbox has taken all of the quota that it was opened with, and nothing delivered is left to clear. What was to be
     * captured was refused whole: deliver what waits, or forget what is not wanted.
     */
    public class QuotaFull(message: String) : OutboxException(message)

    /**
     * What was handed in cannot be right: a setting that the system does not know, an id that cannot be one, a root
     * certificate that does not read.
     */
    public class Invalid(message: String) : OutboxException(message)

    /** Another process has the outbox open, and this needs it alone. Try again once it is closed. */
    public class InUse(message: String) : OutboxException(message)

    /** The outbox was written by a newer version of this library. Update the app. */
    public class TooNew(message: String) : OutboxException(message)

    /**
     * A work-order system was asked, and did not answer what was wanted. Nothing was changed by it, here or there.
     *
     * @property why the typed reason, the system's own words, and what would help.
     */
    public class Unanswered(message: String, public val why: Why) : OutboxException(message)

    /** Anything else, such as a disk that fails. For the app's log and for support. */
    public class Failed(message: String) : OutboxException(message)
}

/** Makes a native call; what it throws is thrown as apps see it. */
internal inline fun <T> translated(call: () -> T): T =
    try {
        call()
    } catch (native: NativeException) {
        throw native.translated()
    }

private fun NativeException.translated(): OutboxException =
    when (this) {
        is NativeException.UnknownAccount -> OutboxException.UnknownAccount(v1)
        is NativeException.UnknownItem -> OutboxException.UnknownItem(v1)
        is NativeException.CannotRead -> OutboxException.CannotRead(v1)
        is NativeException.AccountBusy -> OutboxException.AccountBusy(v1)
        is NativeException.NotNow -> OutboxException.NotNow(v1)
        is NativeException.AlreadyDelivering -> OutboxException.AlreadyDelivering(v1)
        is NativeException.DiskFull -> OutboxException.DiskFull(v1)
        is NativeException.QuotaFull -> OutboxException.QuotaFull(v1)
        is NativeException.Invalid -> OutboxException.Invalid(v1)
        is NativeException.InUse -> OutboxException.InUse(v1)
        is NativeException.TooNew -> OutboxException.TooNew(v1)
        is NativeException.Unanswered -> OutboxException.Unanswered(said, why)
        is NativeException.Failed -> OutboxException.Failed(v1)
    }
