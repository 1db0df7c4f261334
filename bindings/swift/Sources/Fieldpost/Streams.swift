import FieldpostNative
import Foundation

extension Outbox {
    /// The items of a work order as they change: the first list at once, then a new one whenever it is another.
    ///
    /// A slow reader sees the newest list, never a queue of old ones. What hinders an item is part of it: a network that goes
    /// makes a new list too. The stream tells of what this process does, and ends with ``close()``; a list that cannot be read
    /// just now is left out, ``list(of:)`` says why. Give every loop a stream of its own.
    public func items(of job: WorkOrder) -> AsyncStream<[Item]> {
        items(Selection(job))
    }

    /// The same for all items, or only those of an account, in a state.
    public func items(account: Account.ID? = nil, state: Item.State? = nil) -> AsyncStream<[Item]> {
        items(Selection(account: account, state: state))
    }

    private func items(_ selection: Selection) -> AsyncStream<[Item]> {
        let lists = Lists(self, selection)
        return AsyncStream { await lists.next() }
    }

    /// What happens, as it happens: for progress bars and logs, so that progress is told ten times a second at most for each
    /// item, and when all of it has left. Each access is a stream of its own, from now on.
    ///
    /// Of what a slow reader leaves, the 256 newest are kept: to show lists use ``items(of:)``, which misses nothing. The
    /// stream ends with ``close()``.
    public var events: AsyncStream<Event> {
        let (stream, told) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .bufferingNewest(256))
        guard let native = try? native() else {
            told.finish()
            return stream
        }
        let listening = native.listen(listener: Ear { event in told.yield(event) })
        told.onTermination = { [self] _ in
            listening.stop()
            withdraw(ObjectIdentifier(listening))
        }
        if !register(listening, { told.finish() }) { told.finish() }
        return stream
    }
}

/// Which items are listed.
struct Selection: Sendable {
    var account: String?
    var workOrder: String?
    var state: Item.State?

    init(account: String?, state: Item.State?) {
        (self.account, self.state) = (account, state)
    }

    init(_ job: WorkOrder) {
        (account, workOrder) = (job.account, job.id)
    }

    /// Whether the list may be another after it. By its state an item enters or leaves the list: that is not looked at.
    func isConcerned(by event: Event) -> Bool {
        switch event {
        case .changed(let item): isOf(item.account, item.workOrder)
        case .forgotten(_, let account, let workOrder): isOf(account, workOrder)
        case .reasons(let other): account == nil || other == nil || account == other
        case .progress: false
        }
    }

    private func isOf(_ itsAccount: String, _ itsWorkOrder: String) -> Bool {
        (account ?? itsAccount) == itsAccount && (workOrder ?? itsWorkOrder) == itsWorkOrder
    }
}

/// Lists when it is asked to, and waits for a change before it does so again. Listens for as long as it lives.
private final class Lists: Sendable {
    private let outbox: Outbox
    private let selection: Selection
    private let changes: AsyncStream<Void>
    private let listening: Listening?
    private let last = Locked<[Item]?>(nil)

    init(_ outbox: Outbox, _ selection: Selection) {
        let (changes, changed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        (self.outbox, self.selection, self.changes) = (outbox, selection, changes)
        // Before the first list, so that no change falls between the two.
        listening = try? outbox.native().listen(
            listener: Ear { event in
                if selection.isConcerned(by: event) { changed.yield() }
            })
        changed.yield()
        if !outbox.register(self, { changed.finish() }) { changed.finish() }
    }

    deinit {
        listening?.stop()
        outbox.withdraw(ObjectIdentifier(self))
    }

    func next() async -> [Item]? {
        for await _ in changes {
            guard let list = try? await outbox.list(selection) else { continue }
            let isNew = last.with { last in
                defer { last = list }
                return last != list
            }
            if isNew { return list }
        }
        return nil
    }
}

/// Hears on a thread of its own.
private final class Ear: Listener {
    private let hear: @Sendable (Event) -> Void

    init(_ hear: @escaping @Sendable (Event) -> Void) {
        self.hear = hear
    }

    func told(event: Event) throws {
        hear(event)
    }
}
