package dev.fieldpost

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.withContext
import java.io.File
import kotlin.time.Duration

/**
 * A durable outbox in a folder of its own: what is captured survives anything, and reaches its work-order system once.
 *
 * ```kotlin
 * val outbox = Outbox.open(context.filesDir.resolve("outbox"))
 * outbox.putAccount(CorrigoPro(id = "acme", baseUrl = url, performedBy = "Jo Field"))
 *
 * val job = WorkOrder(account = "acme", id = "10234")
 * outbox.capture(Photo(file, caption = "Boiler plate"), job) // safe once it returns, with no network at all
 * outbox.deliver { account -> login.tokenFor(account) } // suspends until nothing more can be done now
 * outbox.items(job).collect { items -> screen.show(items) } // the first list at once, then each newer one
 * ```
 *
 * **Threads.** Every member may be used from any thread and any coroutine. What suspends waits for the disk on
 * [Dispatchers.IO], never on the caller's thread; only [open] waits on it. Several outboxes, and several processes, may
 * have one folder open; one of them delivers at a time.
 *
 * **Errors.** What an app can act on is a kind of [OutboxException], with a message that says what helps; a call that
 * throws one has done nothing. What hinders an *item* is no exception: it stands in the item's [status][Item.status]. After
 * [close] every call throws [IllegalStateException].
 *
 * **Cancellation.** A call whose coroutine is cancelled before it began does nothing; one that is under way is finished,
 * though its result is not seen. Where that matters for a capture, give it a key: the same key twice is the same item.
 */
public class Outbox private constructor(native: NativeOutbox) : AutoCloseable {
    private val door = Door(native)

    /**
     * Adds an account, or configures it anew; [CorrigoPro], [DigitalRealty], [FieldNation], [Serial],
     * [Decisiv] and [Tus] make one.
     * It stays until it is removed.
     *
     * @throws OutboxException.Invalid where its id, address or settings cannot be right, and says which.
     */
    public suspend fun putAccount(account: Account): Unit = native { putAccount(account) }

    /** The accounts, each with what its system can do. */
    public suspend fun accounts(): List<AccountInfo> = native { accounts() }

    /**
     * Removes an account.
     *
     * @throws OutboxException.UnknownAccount where there is none of that id.
     * @throws OutboxException.AccountBusy while it has items that are not delivered.
     */
    public suspend fun removeAccount(id: String): Unit = native { removeAccount(id) }

    /**
     * Takes a [Photo], [Document], [Text] or [Signature] over for a work order. Durable once it returns, with no network at
     * all. The caller's file stays as it was, unless it asks for a move.
     *
     * What the system is known to refuse is kept all the same, and the item is blocked with its reason: evidence is never
     * refused.
     *
     * @throws OutboxException.CannotRead where the file is missing, a folder, or cannot be read.
     * @throws OutboxException.DiskFull where there is no room for it. Nothing that waits was touched.
     * @throws OutboxException.QuotaFull where it is more than the quota still has, with all that is delivered cleared.
     * @throws OutboxException.UnknownAccount where the work order's account was not put.
     * @throws OutboxException.UnknownItem where it is to go after an item that is not here.
     * @throws OutboxException.Invalid where an option cannot be right.
     */
    public suspend fun capture(capture: Capture, job: WorkOrder): Item = native { capture(capture, job) }

    /**
     * One item as it stands now.
     *
     * @throws OutboxException.UnknownItem where it is not here.
     */
    public suspend fun item(id: ItemId): Item = native { item(id) }

    /** The items of a work order as they stand now, in the order of capture; only those in a state, where one is given. */
    public suspend fun list(job: WorkOrder, state: State? = null): List<Item> =
        native { items(job.account, job.id, state) }

    /** All items as they stand now, in the order of capture; only those of an account, or in a state, where it is given. */
    public suspend fun list(account: String? = null, state: State? = null): List<Item> =
        native { items(account, null, state) }

    /**
     * The items of a work order: the list at once, then a new one whenever it changed, until the outbox is closed. A
     * collector that is slow sees the newest list, not every one; a list that equals the one before is not repeated.
     *
     * Each collector reads the disk on its own. It sees the changes that this process makes at once, those of another
     * process with the next change of ours. Collecting throws [OutboxException] where the list cannot be read.
     */
    public fun items(job: WorkOrder, state: State? = null): Flow<List<Item>> =
        door.lists(Concerns(job.account, job.id)) { items(job.account, job.id, state) }

    /** The same for all items, or only those of an account, or in a state. */
    public fun items(account: String? = null, state: State? = null): Flow<List<Item>> =
        door.lists(Concerns(account)) { items(account, null, state) }

    /**
     * What happens in this process while it is collected: changes, and the progress of transfers, at most ten times a second
     * for each item and when all of it has left. It ends when the outbox is closed.
     *
     * The newest [EVENTS_KEPT] events are kept for a collector that is slow, older ones are dropped: good for progress bars
     * and logs. What a screen shows of the queue comes from [items], which misses nothing.
     */
    public val events: Flow<Event> get() = door.events()

    /**
     * Delivers all that can be delivered. Suspends until nothing more can be done within the patience, or, with [watch],
     * until it is cancelled. Items that cannot be delivered now wait or are blocked, each with its reason.
     *
     * Where a delivery of this outbox runs already, it is joined: the call returns once nothing more can be done, with what
     * that delivery has done since it began. What was captured before the call is part of it. Its sign-in is asked and its
     * limits hold; where it is cancelled, fails, or would not stay as long, this one takes over.
     *
     * Cancelling the coroutine stops it, but not a delivery that it has joined: transfers under way are broken off, the call returns once that is done, and may be
     * made again at once. What was broken off is looked up by the next delivery before anything is sent again. [close] stops
     * it too, and [stop]; then it returns what it did.
     *
     * @param patience how long waits are sat out: one that ends within this time of the last progress does not end the
     *   delivery.
     * @param watch stay until cancelled, whether or not there is anything to do.
     * @param http time limits and certificates of the network.
     * @param tokens the app's sign-in: called with an account's id when a token is wanted, and again when one was refused,
     *   in the caller's context, for several accounts at once. Null is none: that account's items wait for one, until
     *   [putToken] or the next delivery. What it throws is none too, stands in [Delivery.tokenErrors], and hinders no other
     *   account. Tokens are never stored.
     * @throws OutboxException.AlreadyDelivering where another process delivers, or another [Outbox] of the same folder.
     * @throws OutboxException.Invalid where a certificate in [http] does not read.
     * @throws IllegalArgumentException where the patience or a time limit is below zero.
     * @throws OutboxException.DiskFull where an attempt cannot be journaled: then it is not made.
     */
    public suspend fun deliver(
        patience: Duration = Duration.ZERO,
        watch: Boolean = false,
        http: Http = Http(),
        tokens: suspend (account: String) -> String?,
    ): Delivery = deliver({ account -> tokens(account)?.let { Token(it) } }, patience, watch, http)

    /** The same for a phone that several people use, whose sign-in says whose each token is. */
    public suspend fun deliver(
        signIn: Tokens,
        patience: Duration = Duration.ZERO,
        watch: Boolean = false,
        http: Http = Http(),
    ): Delivery = door.deliver(patience, watch, http, signIn)

    /**
     * Stops the deliveries of this outbox that run, and returns when they have ended: transfers are broken off, and the calls
     * return what they did. What may have arrived is looked up by the next delivery. Does nothing where none runs.
     */
    public suspend fun stop(): Unit = door.stop()

    /**
     * Hands in a token after a sign-in, while a delivery runs: the account's items go on. It stays in memory until that
     * delivery ends. Where none runs nothing is kept: the next one asks.
     *
     * @param person the person whose own it is, by the app's name for them: nothing leaves under it that another person
     *   captured.
     * @throws OutboxException.Invalid for what cannot be a token: nothing, or a character that no header can carry.
     */
    public suspend fun putToken(account: String, token: String, person: String? = null): Unit =
        native { putToken(account, token, person) }

    /**
     * Tries an item once more, now: what is blocked goes back to the queue, a wait ends. An item in doubt is only looked for
     * again. Returns whether there was anything to do.
     *
     * @throws OutboxException.UnknownItem where it is not here.
     */
    public suspend fun retry(id: ItemId): Boolean = native { retry(id) }

    /** The same for all items that are blocked or wait, or only those that do for a reason. Returns those that go on by it. */
    public suspend fun retryAll(because: Reason? = null): List<ItemId> = native { retryAll(because) }

    /**
     * Gives an item up: at once, or, where it may have arrived already, once that is known.
     *
     * @throws OutboxException.NotNow for what is delivered.
     * @throws OutboxException.UnknownItem where it is not here.
     */
    public suspend fun cancel(id: ItemId): Unit = native { cancel(id) }

    /**
     * Lets an undelivered item go otherwise, as a new operation; what is not given stays as it is. Where it may have arrived
     * already, that is done once it is known that it has not; if it has, it stays as it went. What was blocked goes again.
     * Returns the item as it stands then.
     *
     * @param name another name. It is cleaned as at the capture; its eight digits stay, and so does the extension where there
     *   is one.
     * @param cap another cap, such as `500.kilobytes`: a photo is prepared again under it.
     * @param workOrder another work order of the same account, by the system's id of it.
     * @param folder another folder, where the system has some.
     * @param priority another rank: the higher, the sooner. At once, also while it is in doubt.
     * @throws OutboxException.NotNow for what is delivered, cancelled or no upload.
     * @throws OutboxException.Invalid for a cap of what is no photo.
     * @throws OutboxException.UnknownItem where it is not here.
     */
    public suspend fun repair(
        id: ItemId,
        name: String? = null,
        cap: Cap? = null,
        workOrder: String? = null,
        folder: String? = null,
        priority: Int? = null,
    ): Item = native { repair(id, Repair(name, cap, workOrder, folder, priority)) }

    /**
     * Hands in what the phone made of a photo that is blocked, for it is of a type that its system does not take or that the library
     * does not decode: a JPEG of a HEIC. It is made to fit as any photo, and goes in the photo's place, as a new operation; what was
     * captured stays as it is. Another cap later begins with what was captured again. Returns the item as it stands then.
     *
     * @param converted is only read.
     * @throws OutboxException.NotNow for what is no blocked photo, or may have arrived.
     * @throws OutboxException.Invalid for a file that is no picture that can be read, or does not fit: the item is as it was.
     * @throws OutboxException.CannotRead where the file is missing, a folder, or cannot be read.
     * @throws OutboxException.DiskFull where there is no room for it.
     * @throws OutboxException.UnknownItem where the item is not here.
     */
    public suspend fun convert(id: ItemId, converted: File): Item = native { convert(id, converted) }

    /**
     * Changes what the system holds of what an item uploads, or uploaded, in an operation that is queued:
     * `update(item.id, "visibility" to "None")`. An upload that has not left is changed itself, and so is an update that has
     * not. Returns the item that does it.
     *
     * @param changes what becomes what, by the system's own names.
     * @throws OutboxException.Invalid for what the system does not let change.
     * @throws OutboxException.NotNow for an attachment that is to be deleted, or whose upload was given up.
     * @throws OutboxException.UnknownItem where it is not here.
     */
    public suspend fun update(id: ItemId, vararg changes: Pair<String, String>): Item =
        update(Attachment.Item(id), *changes)

    /**
     * The same for any attachment, also one that somebody else sent: `Attachment.Remote(job, "4711")`.
     *
     * @throws OutboxException.UnknownAccount where its work order's account was not put.
     */
    public suspend fun update(attachment: Attachment, vararg changes: Pair<String, String>): Item =
        native { update(attachment, mapOf(*changes)) }

    /**
     * Deletes at its system what an item uploaded, in an operation that is queued. An upload that has not left is cancelled
     * instead; one that may have arrived is deleted if it has. What is gone already counts as deleted. Returns the item that
     * does it.
     *
     * @throws OutboxException.Invalid where the system has no deletion.
     * @throws OutboxException.NotNow for what was given up.
     * @throws OutboxException.UnknownItem where it is not here.
     */
    public suspend fun delete(id: ItemId): Item = delete(Attachment.Item(id))

    /**
     * The same for any attachment, also one that somebody else sent: `Attachment.Remote(job, "4711")`.
     *
     * @throws OutboxException.UnknownAccount where its work order's account was not put.
     */
    public suspend fun delete(attachment: Attachment): Item = native { delete(attachment) }

    /**
     * Deletes a folder at its system, in an operation that is queued, with all that the system lets go with it:
     * `deleteFolder(job, "2270")`. One that is gone already counts as deleted. What is uploaded into a folder of its name
     * afterwards makes it anew. Returns the item that does it.
     *
     * @param folder what the system calls it, as [Remote.makeFolder] tells.
     * @throws OutboxException.UnknownAccount where the work order's account was not put.
     * @throws OutboxException.Invalid where the system has no folders, or none that could be called so.
     */
    public suspend fun deleteFolder(job: WorkOrder, folder: RemoteId): Item = native { deleteFolder(job, folder) }

    /**
     * What the system holds of a work order, to be asked at once. Making it asks nothing yet.
     *
     * @param http time limits and certificates of the network.
     * @param tokens the app's sign-in, called as that of [deliver]. Null is none. What it throws, the call throws.
     */
    public fun remote(job: WorkOrder, http: Http = Http(), tokens: suspend (account: String) -> String?): Remote =
        remote(job, { account -> tokens(account)?.let { Token(it) } }, http)

    /** The same with the sign-in of a phone that several people use. Whose a token is does not matter here. */
    public fun remote(job: WorkOrder, signIn: Tokens, http: Http = Http()): Remote = Remote(door, job, http, signIn)

    /**
     * Decides a doubt by what a person saw at the system; the receipt says that a person said so.
     *
     * @throws OutboxException.NotNow for an item that is in no doubt.
     * @throws OutboxException.UnknownItem where it is not here.
     */
    public suspend fun settle(id: ItemId, seen: Settlement): Unit = native { settle(id, seen) }

    /**
     * Erases an item for good: its row, its files, its receipt. What is not delivered is lost by it: ask the person first.
     *
     * @throws OutboxException.NotNow while it is being sent.
     * @throws OutboxException.UnknownItem where it is not here.
     */
    public suspend fun forget(id: ItemId): Unit = native { forget(id) }

    /** What the phone can do, as it was last told. */
    public suspend fun conditions(): Conditions = native { conditions() }

    /**
     * Tells what the phone can do now; the library reads no sensor. A network that changed ends the waits that the old one
     * caused. It is remembered, also over a restart.
     */
    public suspend fun setConditions(conditions: Conditions): Unit = native { setConditions(conditions) }

    /**
     * Pauses delivery, durably, until [resume]: items wait with [Reason.PAUSED], also after a restart. A delivery of this
     * process breaks its transfers off and returns; what may have arrived is looked up by the next. Returns once that and
     * the captures that were under way are done: nothing is held any more then, no lock and no open database. Every call
     * still works, and holds what it needs for as long as it takes.
     */
    public suspend fun pause(): Unit = door.pause()

    /** Ends the pause. [deliver] again after it. */
    public suspend fun resume(): Unit = native { resume() }

    /** Whether delivery is paused, by whichever process. */
    public suspend fun isPaused(): Boolean = native { isPaused() }

    /** Looks at every hash, row and file, which takes as long as reading them all. Changes nothing. */
    public suspend fun check(): CheckReport = native { check() }

    /**
     * Closes it: gives a delivery that runs the signal to stop, ends the flows, and lets go of the files once the calls
     * under way have returned. It waits for none of them, so that it may be called on any thread. Twice is fine. What was
     * captured is durable at any moment, closed or not.
     */
    override fun close(): Unit = door.close()

    private suspend fun <T> native(call: NativeOutbox.() -> T): T = withContext(Dispatchers.IO) { door.enter(call) }

    public companion object {
        /** How many events are kept for a collector of [events] that is slow. */
        public const val EVENTS_KEPT: Int = 256

        /**
         * Opens the outbox in that folder, makes it where it is missing. It waits for the disk, on the caller's thread:
         * usually a few milliseconds. What a killed capture left whole is taken over, what it left half is removed; a
         * corrupt database is set aside and rebuilt from the items' own folders.
         *
         * @param memory the most bytes that preparing a photo may take, each one. Default: 256 MB; a baseline JPEG of any
         *   size is brought down to 2560 pixels in about 12 MB.
         * @param threads how many photos are prepared at the same time at most, each on a thread of its own and in its own
         *   [memory]. Default: 1, which leaves the phone's other cores to the app.
         * @param keep how long the files of delivered items stay; their receipts stay until they are forgotten. Default: 30 days.
         * @param quota the most bytes that the captured and prepared files may take together. Default: what the disk has.
         * @param install a file outside of every backup, for an id of this installation, such as
         *   `context.noBackupFilesDir.resolve("fieldpost-install")`. Where it differs from the outbox's, the outbox came back
         *   on another phone, and every upload is looked for before it is sent. Without it what the old phone has sent since
         *   the backup is sent again. Its folder must be there; the file is made.
         * @throws OutboxException.Invalid where a number of days or bytes is below zero, or that of threads below one.
         * @throws OutboxException.InUse where it has to be alone, and another process has the outbox open.
         * @throws OutboxException.TooNew where a newer version of the library wrote it.
         * @throws OutboxException.Failed where the folder cannot be made or read.
         */
        public fun open(
            folder: File,
            memory: Bytes? = null,
            threads: Int? = null,
            keep: Keep? = null,
            quota: Bytes? = null,
            install: File? = null,
        ): Outbox = Outbox(translated { NativeOutbox.open(folder, memory, threads, keep, quota, install) })

        /**
         * Rescues every item of the outbox in [folder] that is neither delivered nor cancelled nor forgotten: its captured file and
         * a JSON file of its details, into [to]. Nothing there is overwritten. The outbox is not opened and nothing of it is
         * changed: it may be damaged, and others may have it open.
         *
         * @throws OutboxException.DiskFull where there is no room: what was exported until then stays.
         * @throws OutboxException.Invalid where [to] lies within the outbox.
         */
        public suspend fun export(folder: File, to: File): Export =
            withContext(Dispatchers.IO) { translated { exportUndelivered(folder, to) } }
    }
}
