import FieldpostNative
import Foundation

/// The system's side of one work order, read at once and over the network: nothing here is queued, and nothing of it is kept. Made by
/// ``Outbox/remote(of:http:tokens:)``.
///
/// ```swift
/// let remote = outbox.remote(of: job) { account in try await login.token(for: account) }
/// for entry in try await remote.list().entries { show(entry, isOurs: entry.ours != nil) }
/// ```
///
/// Every call asks the app's sign-in for a token when one is wanted, once more where that is refused, and throws what the sign-in
/// throws. It has a thread of its own, beside a delivery and beside others of its kind.
///
/// It throws ``OutboxError/unanswered(why:message:)`` where the system does not answer what was asked: no network, no token, no
/// such work order; ``OutboxError/unknownAccount(message:)`` where the work order's account was not put;
/// ``OutboxError/invalid(message:)`` for what the system cannot be asked (``Capabilities/operations`` says what it can), and for
/// times or certificates that cannot be right.
///
/// Cancelling the task breaks the call off; once that is done, and only then, `CancellationError` is thrown. What was asked may have
/// been done all the same: a folder may have been made. Where the outbox is closed meanwhile it is unanswered, with `paused`.
public struct Remote: Sendable {
    let outbox: Outbox
    let job: WorkOrder
    let http: Http
    let tokens: any Tokens

    /// All attachments, in the system's order; what it lists as deleted is left out.
    public func list() async throws -> RemoteList {
        try await ask { native, job, http, tokens, stop in
            try native.remoteList(job: job, http: http, tokens: tokens, stop: stop)
        }
    }

    /// One attachment. ``OutboxError/unanswered(why:message:)`` with `attachmentMissing` where the system does not know it.
    public func get(_ id: RemoteEntry.ID) async throws -> RemoteEntry {
        try await ask { native, job, http, tokens, stop in
            try native.remoteGet(job: job, id: id, http: http, tokens: tokens, stop: stop)
        }
    }

    /// Downloads the file of an attachment. It stands there only once all of it has come, is on the disk, and is what it should be:
    /// what was sent, where it is ours; else as long as listed, where that is told.
    ///
    /// - Parameters:
    ///   - id: What the system calls the attachment.
    ///   - file: Where it goes. Nothing may be there yet.
    /// - Throws: ``OutboxError/unanswered(why:message:)`` with `hashMismatch` where it is something else, with `diskFull` where there
    ///   is no room for it; ``OutboxError/invalid(message:)`` where something is there already;
    ///   ``OutboxError/diskFull(message:)`` and ``OutboxError/failed(message:)`` where it cannot be kept there.
    @discardableResult
    public func download(_ id: RemoteEntry.ID, to file: URL) async throws -> Download {
        try OutboxError.check(isFile: file)
        return try await ask { native, job, http, tokens, stop in
            try native.remoteDownload(job: job, id: id, to: file, http: http, tokens: tokens, stop: stop)
        }
    }

    /// The folder of that name: the one that is there, of several the lowest id, as uploads take it; else a new one. At once, so that
    /// it can be seen; an upload needs no such call, for it makes its folder itself. ``Outbox/deleteFolder(_:of:)`` deletes one.
    @discardableResult
    public func makeFolder(_ name: String) async throws -> RemoteFolder {
        try await ask { native, job, http, tokens, stop in
            try native.remoteMakeFolder(job: job, name: name, http: http, tokens: tokens, stop: stop)
        }
    }

    private func ask<Value: Sendable>(
        _ call:
            @escaping @Sendable (NativeOutbox, WorkOrder, Http, any TokenListener, StopSignal) throws -> Value
    ) async throws -> Value {
        let http = try http.checked()
        let asked = try await outbox.asking(with: tokens) { [job] native, tokens, stop in
            try call(native, job, http, tokens, stop)
        }
        do {
            return try asked.result.get()
        } catch OutboxError.unanswered(let why, let message) {
            throw asked.tokenErrors[job.account] ?? OutboxError.unanswered(why: why, message: message)
        }
    }
}

extension Outbox {
    /// What the system holds of a work order, to be asked at once. Making it asks nothing yet.
    ///
    /// - Parameters:
    ///   - job: The work order.
    ///   - http: The network's time limits and certificates.
    ///   - tokens: The app's sign-in: a fresh token for an account, nil where there is none to be had. When a call is stopped its
    ///     task is cancelled, and waited for. Tokens are kept in memory, until the call ends.
    public func remote(
        of job: WorkOrder,
        http: Http = Http(),
        tokens: @escaping @Sendable (_ account: Account.ID) async throws -> String?
    ) -> Remote {
        remote(of: job, with: Everybodys(value: tokens), http: http)
    }

    /// The same with the sign-in of a phone that several people use. Whose a token is does not matter here.
    public func remote(of job: WorkOrder, with tokens: any Tokens, http: Http = Http()) -> Remote {
        Remote(outbox: self, job: job, http: http, tokens: tokens)
    }
}

extension RemoteEntry: Identifiable {
    /// What the system calls it.
    public var id: String { remoteId }
}

extension RemoteFolder: Identifiable {
    /// What the system calls it.
    public var id: String { remoteId }
}
