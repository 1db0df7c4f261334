import FieldpostNative
import Foundation

/// How a delivery ended.
public struct Delivery: Sendable {
    /// Items that it delivered.
    public let delivered: Int
    /// Items that are still to be delivered.
    public let waiting: Int
    /// Items that need a person.
    public let blocked: Int
    /// When the next of them goes on by itself.
    public let next: Date?
    /// What the app's sign-in threw, by account: these accounts had no token, the others were delivered.
    public let tokenErrors: [Account.ID: any Error]
}

extension Outbox {
    /// Delivers all that can be delivered, until nothing more can be done within the patience.
    ///
    /// Where a delivery of this outbox runs already, it is joined: the call returns once nothing more can be done, with what that
    /// delivery has done since it began. What was captured before the call is part of it. Its sign-in is asked and its limits
    /// hold; where it is cancelled, fails, or would not stay as long, this one takes over.
    ///
    /// Cancelling the task breaks transfers off, but not those of a delivery that it has joined; once that is done, and only then, `CancellationError` is thrown: the outbox
    /// can be delivered again at once. What may have arrived is looked up by that delivery, never sent blindly. ``close()``
    /// and ``stop()`` end it as well, with what it did so far.
    ///
    /// - Parameters:
    ///   - patience: How many seconds waits are sat out: a wait that ends within this time of the last progress does not end
    ///     the delivery.
    ///   - watch: Stay until cancelled, whether or not there is anything to do.
    ///   - http: The network's time limits and certificates.
    ///   - tokens: The app's sign-in: a fresh token for an account, nil where there is none to be had. Asked when a token is
    ///     needed, and once more when the system refuses it; for several accounts at a time. Meanwhile only that account
    ///     waits. What it throws is in ``Delivery/tokenErrors``. When the delivery is stopped its task is cancelled, and
    ///     waited for. Tokens are kept in memory, until the delivery ends.
    /// - Returns: What was done, and what is left. That items wait or are blocked is no error.
    /// - Throws: ``OutboxError/alreadyDelivering(message:)`` while another process or another `Outbox` delivers from this folder;
    ///   ``OutboxError/invalid(message:)`` for a time below zero or a certificate that does not read;
    ///   ``OutboxError/diskFull(message:)`` and ``OutboxError/failed(message:)`` where an attempt cannot be journaled: then
    ///   it is not made. `CancellationError`.
    @discardableResult
    public func deliver(
        patience: TimeInterval = 0,
        watch: Bool = false,
        http: Http = Http(),
        tokens: @escaping @Sendable (_ account: Account.ID) async throws -> String?
    ) async throws -> Delivery {
        try await deliver(with: Everybodys(value: tokens), patience: patience, watch: watch, http: http)
    }

    /// The same for a phone that several people use, whose sign-in says whose each token is.
    @discardableResult
    public func deliver(
        with tokens: any Tokens, patience: TimeInterval = 0, watch: Bool = false, http: Http = Http()
    ) async throws -> Delivery {
        try Task.checkCancellation()
        let how = Deliver(patience: try seconds(patience, "the patience"), watch: watch, http: try http.checked())
        let asked = try await asking(with: tokens, in: running) { native, tokens, stop in
            try native.deliver(how: how, tokens: tokens, stop: stop)
        }
        return Delivery(try asked.result.get(), tokenErrors: asked.tokenErrors)
    }
}

/// The native deliveries that have not returned, and who waits until they have.
final class Running: Sendable {
    private struct State {
        /// What stops each.
        var signals: [ObjectIdentifier: StopSignal] = [:]
        var waiting: [Waiting] = []
    }

    private struct Waiting {
        var left: Set<ObjectIdentifier>
        let continuation: CheckedContinuation<Void, Never>
    }

    private let state = Locked(State())

    func enter(_ stop: StopSignal) {
        state.with { state in state.signals[ObjectIdentifier(stop)] = stop }
    }

    func leave(_ stop: StopSignal) {
        let woken = state.with { state in
            state.signals[ObjectIdentifier(stop)] = nil
            for waiter in state.waiting.indices { state.waiting[waiter].left.remove(ObjectIdentifier(stop)) }
            defer { state.waiting.removeAll { waiting in waiting.left.isEmpty } }
            return state.waiting.filter { waiting in waiting.left.isEmpty }
        }
        for waiting in woken { waiting.continuation.resume() }
    }

    /// Stops those that there are now.
    func stop() {
        let signals = state.with { state in Array(state.signals.values) }
        for signal in signals { signal.stop() }
    }

    /// Returns when those that there are now have returned.
    func ended() async {
        await withCheckedContinuation { continuation in
            let isNone = state.with { state in
                let left = Set(state.signals.keys)
                if !left.isEmpty { state.waiting.append(Waiting(left: left, continuation: continuation)) }
                return left.isEmpty
            }
            if isNone { continuation.resume() }
        }
    }
}

extension Delivery {
    fileprivate init(_ summary: Summary, tokenErrors: [Account.ID: any Error]) {
        self.init(
            delivered: Int(clamping: summary.delivered),
            waiting: Int(clamping: summary.waiting),
            blocked: Int(clamping: summary.blocked),
            next: summary.next,
            tokenErrors: tokenErrors
        )
    }
}
