package dev.fieldpost

import java.io.File

/**
 * The system's side of one work order, read at once and over the network: nothing here is queued, and nothing of it is kept.
 * Made by [Outbox.remote].
 *
 * ```kotlin
 * val remote = outbox.remote(job) { account -> login.tokenFor(account) }
 * for (entry in remote.list().entries) println("${entry.name}: ${if (entry.ours != null) "ours" else "somebody else's"}")
 * ```
 *
 * Every call asks the app's sign-in for a token when one is wanted, once more where that is refused, and throws what the
 * sign-in throws. It waits on a thread of its own, beside a delivery and beside others of its kind.
 *
 * **Errors.** [OutboxException.Unanswered] says why the system did not answer what was asked: no network, no token, no such
 * work order. [OutboxException.UnknownAccount] where the work order's account was not put; [OutboxException.Invalid] for what
 * the system cannot be asked ([Capabilities.operations] says what it can), and for limits or certificates that cannot be right.
 *
 * **Cancellation.** Cancelling the coroutine breaks the call off; it returns once that is done. What was asked may have been
 * done all the same: a folder may have been made. Where the outbox is closed meanwhile the call throws
 * [OutboxException.Unanswered] with [Reason.PAUSED].
 */
public class Remote internal constructor(
    private val door: Door,
    private val job: WorkOrder,
    private val http: Http,
    private val tokens: Tokens,
) {
    /** All attachments, in the system's order; what it lists as deleted is left out. */
    public suspend fun list(): RemoteList = ask { tokens, stop -> remoteList(job, http, tokens, stop) }

    /**
     * One attachment.
     *
     * @throws OutboxException.Unanswered with [Reason.ATTACHMENT_MISSING] where the system does not know it.
     */
    public suspend fun get(id: RemoteId): RemoteEntry = ask { tokens, stop -> remoteGet(job, id, http, tokens, stop) }

    /**
     * Downloads the file of an attachment to [to], where nothing may be yet. It stands there only once all of it has come, is
     * on the disk, and is what it should be: what was sent, where it is ours; else as long as listed, where that is told.
     *
     * @throws OutboxException.Unanswered with [Reason.HASH_MISMATCH] where it is something else, with [Reason.DISK_FULL] where
     *   there is no room for it.
     * @throws OutboxException.Invalid where something is at [to].
     * @throws OutboxException.DiskFull and [OutboxException.Failed] where it cannot be kept there.
     */
    public suspend fun download(id: RemoteId, to: File): Download =
        ask { tokens, stop -> remoteDownload(job, id, to, http, tokens, stop) }

    /**
     * The folder of that name: the one that is there, of several the lowest id, as uploads take it; else a new one. At once, so
     * that it can be seen; an upload needs no such call, for it makes its folder itself. [Outbox.deleteFolder] deletes one.
     */
    public suspend fun makeFolder(name: String): RemoteFolder =
        ask { tokens, stop -> remoteMakeFolder(job, name, http, tokens, stop) }

    private suspend fun <T> ask(call: NativeOutbox.(TokenListener, StopSignal) -> T): T {
        val signIn = SignIn(tokens)
        return try {
            door.asking("fieldpost-remote", signIn, call = call)
        } catch (unanswered: OutboxException.Unanswered) {
            throw signIn.errors[job.account] ?: unanswered
        }
    }
}
