import Dispatch
import FieldpostNative
import Foundation

/// A durable outbox in a folder of its own: what is captured reaches its work-order system exactly once.
///
/// ```swift
/// let outbox = try Outbox(at: folder)
/// try outbox.put(.corrigoPro(id: "acme", baseURL: url, performedBy: "Jo Field"))
/// let job = WorkOrder(account: "acme", id: "10234")
/// let photo = try await outbox.capture(.photo(file, caption: "Boiler plate", cap: .megabytes(1)), for: job)
/// try await outbox.deliver { account in try await login.token(for: account) }
/// for await items in outbox.items(of: job) { show(items) }
/// ```
///
/// Use it from any thread and any actor. What is `async` never blocks Swift's own threads;
/// ``init(at:memory:threads:keep:quota:install:)`` and ``put(_:)`` are not, they wait for the disk where they are called. Errors are
/// ``OutboxError``; after ``close()`` every call throws ``OutboxError/closed``. Several outboxes, also in several processes,
/// may be open on one folder; one of them delivers at a time, and ``items(of:)`` and ``events`` tell of what this process
/// does.
///
/// A call whose task is cancelled is carried out all the same, but for ``deliver(patience:watch:http:tokens:)`` and those of
/// ``Remote``: what was handed in is never lost to a screen that was left.
public final class Outbox: Sendable {
    /// What there is while it is open.
    private struct Open: Sendable {
        let native: NativeOutbox
        /// How each running delivery and each stream is ended.
        var endings: [ObjectIdentifier: @Sendable () -> Void] = [:]
    }

    /// The deliveries under way.
    let running = Running()

    /// Nil once closed. Calls under way keep the native outbox until they are done.
    private let state: Locked<Open?>

    // One queue for each kind of call, so that a list does not wait for a large copy, nor a token for a list. Serial: the
    // native outbox does one thing at a time anyway, and a queue of threads would be no faster.
    private let captures = DispatchQueue(label: "dev.fieldpost.captures")
    private let calls = DispatchQueue(label: "dev.fieldpost.calls")
    private let checks = DispatchQueue(label: "dev.fieldpost.checks")
    private let answers = DispatchQueue(label: "dev.fieldpost.answers")

    /// Opens the outbox in that folder, makes it where it is missing. Waits for the disk: not for a main thread that draws.
    ///
    /// What a killed capture left whole is taken over, what it left half is removed. A corrupt database is set aside and
    /// rebuilt from the items' own folders.
    ///
    /// - Parameters:
    ///   - folder: A folder of its own, on a local disk. Keep it out of backups (`isExcludedFromBackup`), or give `install`: a copy
    ///     that is restored to another phone would be delivered from both.
    ///   - memory: The most bytes that preparing a photo may take, each one. Default: 256 MB; a baseline JPEG of any size is
    ///     brought down to 2560 pixels in about 12 MB.
    ///   - threads: How many photos are prepared at the same time at most, each on a thread of its own and in its own `memory`.
    ///     Default: 1, which leaves the phone's other cores to the app.
    ///   - keep: How long the files of delivered items stay; their receipts stay until they are forgotten. Default: 30 days.
    ///   - quota: The most bytes that the captured and prepared files may take together. Default: what the disk has.
    ///   - install: A file outside of every backup (`isExcludedFromBackup` on its folder), for an id of this installation. Where
    ///     it differs from the outbox's, the outbox came back on another phone, and every upload is looked for before it is sent.
    ///     Its folder must be there; the file is made.
    /// - Throws: ``OutboxError/invalid(message:)`` where a number of days or bytes is below zero, or that of threads below one;
    ///   ``OutboxError/inUse(message:)`` where it has to be rebuilt while another process has it open,
    ///   ``OutboxError/tooNew(message:)``, ``OutboxError/diskFull(message:)``, ``OutboxError/failed(message:)``.
    public init(
        at folder: URL, memory: Int? = nil, threads: Int? = nil, keep: Keep? = nil, quota: Int? = nil,
        install: URL? = nil
    ) throws {
        try OutboxError.check(isFile: folder)
        if let install { try OutboxError.check(isFile: install) }
        let native = try OutboxError.translating {
            try NativeOutbox.open(
                folder: folder, memory: memory.map(Int64.init), threads: threads.map(Int32.init(clamping:)), keep: keep,
                quota: quota.map(Int64.init), install: install)
        }
        state = Locked(Open(native: native))
    }

    /// Lets go of the files. Streams end; a delivery that runs is stopped, and returns what it did; calls under way are
    /// carried out. Returns at once, and may be called twice. What is captured is durable without it.
    public func close() {
        let open = state.with { open in
            defer { open = nil }
            return open
        }
        guard let open else { return }
        for end in open.endings.values { end() }
    }

    /// Rescues every item of the outbox in a folder that is neither delivered nor cancelled nor forgotten: its captured file and
    /// a JSON file of its details. The outbox is not opened and nothing of it is changed: it may be damaged, and others may
    /// have it open.
    ///
    /// - Parameters:
    ///   - folder: The outbox's folder.
    ///   - target: Where it goes. Made where it is missing; nothing there is overwritten.
    /// - Throws: ``OutboxError/diskFull(message:)`` where there is no room: what was exported until then stays.
    ///   ``OutboxError/invalid(message:)`` for a folder within the outbox.
    public static func export(_ folder: URL, to target: URL) async throws -> Export {
        try OutboxError.check(isFile: folder)
        try OutboxError.check(isFile: target)
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        try OutboxError.translating { try exportUndelivered(folder: folder, to: target) }
                    })
            }
        }
    }

    /// The version of the native library, for support.
    public static var version: String { FieldpostNative.version() }

    // MARK: - Accounts

    /// Adds an account, or configures it anew. Waits for the disk.
    ///
    /// - Throws: ``OutboxError/invalid(message:)`` with what is wrong with its id, address or settings.
    public func put(_ account: Account) throws {
        let native = try native()
        try OutboxError.translating { try native.putAccount(account: account) }
    }

    /// The accounts, each with what its system can do.
    public func accounts() async throws -> [AccountInfo] {
        try await call { native in try native.accounts() }
    }

    /// Removes an account.
    ///
    /// - Throws: ``OutboxError/unknownAccount(message:)``; ``OutboxError/accountBusy(message:)`` while it has undelivered
    ///   items.
    public func removeAccount(_ id: Account.ID) async throws {
        try await call { native in try native.removeAccount(id: id) }
    }

    // MARK: - Items

    /// Takes a photo, document, text or signature over for a work order. Durable once it returns, with no network at all.
    ///
    /// What the system is known to refuse is kept all the same, already blocked with its reason: evidence is never refused.
    ///
    /// - Throws: Only where the bytes cannot be kept (``OutboxError/cannotRead(message:)``,
    ///   ``OutboxError/diskFull(message:)``, ``OutboxError/quotaFull(message:)``, ``OutboxError/failed(message:)``), the
    ///   account is unknown (``OutboxError/unknownAccount(message:)``), or an option cannot be right (``OutboxError/invalid(message:)``,
    ///   ``OutboxError/unknownItem(message:)``).
    @discardableResult
    public func capture(_ capture: Capture, for job: WorkOrder) async throws -> Item {
        if let file = capture.file { try OutboxError.check(isFile: file) }
        return try await call(on: captures) { native in try native.capture(capture: capture, workOrder: job) }
    }

    /// One item as it stands. ``OutboxError/unknownItem(message:)`` where it is not here.
    public func item(_ id: Item.ID) async throws -> Item {
        try await call { native in try native.item(id: id) }
    }

    /// The items of a work order, in the order of capture. ``items(of:)`` keeps a screen up to date with them.
    public func list(of job: WorkOrder) async throws -> [Item] {
        try await list(Selection(job))
    }

    /// The items in the order of capture: all, or only those of an account, in a state.
    public func list(account: Account.ID? = nil, state: Item.State? = nil) async throws -> [Item] {
        try await list(Selection(account: account, state: state))
    }

    func list(_ selection: Selection) async throws -> [Item] {
        try await call { native in
            try native.items(account: selection.account, workOrder: selection.workOrder, state: selection.state)
        }
    }

    // MARK: - A person's answers

    /// Tries an item once more, now: what is blocked goes back to the queue, a wait ends. An item in doubt is only looked for
    /// again.
    ///
    /// - Returns: Whether there was anything to do.
    @discardableResult
    public func retry(_ id: Item.ID) async throws -> Bool {
        try await call { native in try native.retry(id: id) }
    }

    /// The same for all items that are blocked or wait, or only those that do for a reason.
    ///
    /// - Returns: Those that go on by it.
    @discardableResult
    public func retryAll(because reason: Why.Reason? = nil) async throws -> [Item.ID] {
        try await call { native in try native.retryAll(because: reason) }
    }

    /// Gives an item up: at once, or, where it may have arrived already, once that is known.
    /// ``OutboxError/notNow(message:)`` for what is delivered.
    public func cancel(_ id: Item.ID) async throws {
        try await call { native in try native.cancel(id: id) }
    }

    /// Lets an undelivered item go otherwise, as a new operation; what is not given stays as it is. Where it may have arrived
    /// already, that is done once it is known that it has not; if it has, it stays as it went. What was blocked goes again.
    ///
    /// - Parameters:
    ///   - id: The item.
    ///   - name: Another name. It is cleaned as at the capture; its eight digits stay, and so does the extension where there is
    ///     one.
    ///   - cap: Another cap: a photo is prepared again under it.
    ///   - workOrder: Another work order of the same account, by the system's id of it.
    ///   - folder: Another folder, where the system has some.
    ///   - priority: Another rank: the higher, the sooner. At once, also while it is in doubt.
    /// - Returns: The item as it stands then.
    /// - Throws: ``OutboxError/notNow(message:)`` for what is delivered, cancelled or no upload;
    ///   ``OutboxError/invalid(message:)`` for a cap of what is no photo; ``OutboxError/unknownItem(message:)``.
    @discardableResult
    public func repair(
        _ id: Item.ID,
        name: String? = nil,
        cap: Cap? = nil,
        workOrder: String? = nil,
        folder: String? = nil,
        priority: Int? = nil
    ) async throws -> Item {
        let repair = Repair(
            name: name, cap: cap, workOrder: workOrder, folder: folder, priority: priority.map(Int32.init(clamping:)))
        return try await call { native in try native.repair(id: id, repair: repair) }
    }

    /// Hands in what the phone made of a photo that is blocked, for it is of a type that its system does not take or that the library
    /// does not decode: a JPEG of a HEIC. It is made to fit as any photo, and goes in the photo's place, as a new operation; what was
    /// captured stays as it is. Another cap later begins with what was captured again.
    ///
    /// - Parameters:
    ///   - id: The photo's item.
    ///   - converted: A file, which is only read.
    /// - Returns: The item as it stands then.
    /// - Throws: ``OutboxError/notNow(message:)`` for what is no blocked photo, or may have arrived; ``OutboxError/invalid(message:)``
    ///   for a file that is no picture that can be read, or does not fit; ``OutboxError/cannotRead(message:)``,
    ///   ``OutboxError/diskFull(message:)``, ``OutboxError/unknownItem(message:)``. The item is then as it was.
    @discardableResult
    public func convert(_ id: Item.ID, to converted: URL) async throws -> Item {
        try OutboxError.check(isFile: converted)
        return try await call { native in try native.convert(id: id, converted: converted) }
    }

    /// Changes what the system holds of what an item uploads, or uploaded, in an operation that is queued. An upload that has not
    /// left is changed itself, and so is an update that has not.
    ///
    /// - Parameters:
    ///   - id: The item.
    ///   - changes: What becomes what, by the system's own names: `["visibility": "None"]`.
    /// - Returns: The item that does it.
    /// - Throws: ``OutboxError/invalid(message:)`` for what the system does not let change; ``OutboxError/notNow(message:)`` for an
    ///   attachment that is to be deleted, or whose upload was given up; ``OutboxError/unknownItem(message:)``.
    @discardableResult
    public func update(_ id: Item.ID, _ changes: [String: String]) async throws -> Item {
        try await update(.item(id), changes)
    }

    /// The same for any attachment, also one that somebody else sent: `.remote(job: job, id: "4711")`.
    /// ``OutboxError/unknownAccount(message:)`` where its work order's account was not put.
    @discardableResult
    public func update(_ attachment: Attachment, _ changes: [String: String]) async throws -> Item {
        try await call { native in try native.update(attachment: attachment, changes: changes) }
    }

    /// Deletes at its system what an item uploaded, in an operation that is queued. An upload that has not left is cancelled
    /// instead; one that may have arrived is deleted if it has. What is gone already counts as deleted.
    ///
    /// - Returns: The item that does it.
    /// - Throws: ``OutboxError/invalid(message:)`` where the system has no deletion; ``OutboxError/notNow(message:)`` for what
    ///   was given up; ``OutboxError/unknownItem(message:)``.
    @discardableResult
    public func delete(_ id: Item.ID) async throws -> Item {
        try await delete(.item(id))
    }

    /// The same for any attachment, also one that somebody else sent: `.remote(job: job, id: "4711")`.
    /// ``OutboxError/unknownAccount(message:)`` where its work order's account was not put.
    @discardableResult
    public func delete(_ attachment: Attachment) async throws -> Item {
        try await call { native in try native.delete(attachment: attachment) }
    }

    /// Deletes a folder at its system, in an operation that is queued, with all that the system lets go with it. One that is gone
    /// already counts as deleted. What is uploaded into a folder of its name afterwards makes it anew.
    ///
    /// - Parameters:
    ///   - folder: What the system calls it, as ``Remote/makeFolder(_:)`` tells.
    ///   - job: Its work order.
    /// - Returns: The item that does it.
    /// - Throws: ``OutboxError/unknownAccount(message:)``; ``OutboxError/invalid(message:)`` where the system has no folders, or none
    ///   that could be called so.
    @discardableResult
    public func deleteFolder(_ folder: RemoteFolder.ID, of job: WorkOrder) async throws -> Item {
        try await call { native in try native.deleteFolder(job: job, folder: folder) }
    }

    /// Decides a doubt by what a person saw at the system; the receipt says that a person said so.
    /// ``OutboxError/notNow(message:)`` for an item that is in no doubt.
    public func settle(_ id: Item.ID, as seen: Settlement) async throws {
        try await call { native in try native.settle(id: id, seen: seen) }
    }

    /// Erases an item for good: its row, its files, its receipt. What is not delivered is lost by it: ask the person first.
    /// ``OutboxError/notNow(message:)`` while it is being sent.
    public func forget(_ id: Item.ID) async throws {
        try await call { native in try native.forget(id: id) }
    }

    // MARK: - The phone

    /// What the phone can do, as it was last told.
    public func conditions() async throws -> Conditions {
        try await call { native in try native.conditions() }
    }

    /// Tells what the phone can do now; the library reads no sensor. A network that changed ends the waits that the old one
    /// caused.
    public func setConditions(_ conditions: Conditions) async throws {
        try await call { native in try native.setConditions(conditions: conditions) }
    }

    /// Pauses delivery, durably, until ``resume()``: items wait with `paused`, also after a restart. A delivery of this process
    /// breaks its transfers off and returns; what may have arrived is looked up by the next.
    ///
    /// Returns once that and the captures that were under way are done. Nothing is held any more then, no lock and no open
    /// database: call it before iOS suspends the app, for it ends an app that holds a lock. Every call still works, and holds
    /// what it needs for as long as it takes.
    public func pause() async throws {
        try await call { native in try native.pause() }
        await running.ended()
    }

    /// Stops the deliveries of this outbox that run, and returns when they have ended: transfers are broken off, and the calls
    /// return what they did. What may have arrived is looked up by the next delivery. Does nothing where none runs.
    public func stop() async throws {
        _ = try native()
        // By their own signals: the native outbox's reaches none that is just about to begin there.
        running.stop()
        await running.ended()
    }

    /// Ends the pause. ``deliver(patience:watch:http:tokens:)`` again after it.
    public func resume() async throws {
        try await call { native in try native.resume() }
    }

    /// Whether delivery is paused, by whichever process.
    public func isPaused() async throws -> Bool {
        try await call { native in try native.isPaused() }
    }

    /// Looks at every hash, row and file, which takes as long as reading them all. Changes nothing.
    public func check() async throws -> CheckReport {
        try await call(on: checks) { native in try native.check() }
    }

    /// Hands a token in that nobody asked for just now, such as after a sign-in: the account's items go on. It stays in memory,
    /// until the delivery ends; where none runs nothing is kept, the next one asks.
    ///
    /// - Parameters:
    ///   - token: The token.
    ///   - person: The person whose own it is, by the app's name for them: nothing leaves under it that another person captured.
    ///   - account: Its account.
    /// - Throws: ``OutboxError/invalid(message:)`` for what cannot be a token: nothing, or a character that no header can
    ///   carry.
    public func putToken(_ token: String, of person: String? = nil, for account: Account.ID) async throws {
        try await call(on: answers) { native in
            try native.putToken(account: account, token: token, person: person)
        }
    }
}

// MARK: - For the other files of the layer

extension Outbox {
    /// The native outbox. ``OutboxError/closed`` once it is closed.
    func native() throws -> NativeOutbox {
        guard let native = state.with({ open in open?.native }) else { throw OutboxError.closed }
        return native
    }

    /// Makes a call that waits for the disk on a thread that may wait.
    private func call<Value: Sendable>(
        on queue: DispatchQueue? = nil, _ body: @escaping @Sendable (NativeOutbox) throws -> Value
    ) async throws -> Value {
        let native = try native()
        return try await withCheckedThrowingContinuation { continuation in
            (queue ?? calls).async {
                continuation.resume(with: Result { try OutboxError.translating { try body(native) } })
            }
        }
    }

    /// Has ``close()`` call `end`, until it is withdrawn. Returns false, and calls nothing, where it is closed already.
    func register(_ owner: AnyObject & Sendable, _ end: @escaping @Sendable () -> Void) -> Bool {
        let id = ObjectIdentifier(owner)
        return state.with { open in
            guard open != nil else { return false }
            open?.endings[id] = end
            return true
        }
    }

    func withdraw(_ id: ObjectIdentifier) {
        state.with { open in _ = open?.endings.removeValue(forKey: id) }
    }
}
