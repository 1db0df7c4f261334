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
        let stop = StopSignal()
        guard register(stop, { stop.stop() }) else { throw OutboxError.closed }
        defer { withdraw(ObjectIdentifier(stop)) }
        return try await withTaskCancellationHandler {
            do {
                let delivery = try await run(how, stop: stop, tokens: tokens)
                try Task.checkCancellation()
                return delivery
            } catch {
                try Task.checkCancellation()
                throw error
            }
        } onCancel: {
            stop.stop()
        }
    }

    private func run(
        _ how: Deliver, stop: StopSignal, tokens: any Tokens
    ) async throws -> Delivery {
        let native = try native()
        let (wanted, desk) = AsyncStream.makeStream(of: Account.ID.self)
        running.enter(stop)
        async let summary = onOneThread { [running] in
            defer {
                desk.finish()
                running.leave(stop)
            }
            return try native.deliver(how: how, tokens: TokenDesk(desk), stop: stop)
        }
        let errors = await answer(wanted, with: tokens, native: native)
        return Delivery(try await summary, tokenErrors: errors)
    }

    /// Asks the app's sign-in for each account that wants a token, all at the same time. Returns what it threw.
    private func answer(
        _ wanted: AsyncStream<Account.ID>,
        with tokens: any Tokens,
        native: NativeOutbox
    ) async -> [Account.ID: any Error] {
        let errors = Locked<[Account.ID: any Error]>([:])
        await withTaskGroup(of: Void.self) { group in
            for await account in wanted {
                group.addTask {
                    do {
                        guard let token = try await tokens.token(for: account) else {
                            return native.noToken(account: account)
                        }
                        try await self.putToken(token.value, of: token.person, for: account)
                    } catch {
                        native.noToken(account: account)
                        // A sign-in that was cancelled because the delivery has ended is no failure.
                        if !Task.isCancelled { errors.with { errors in errors[account] = error } }
                    }
                }
            }
            group.cancelAll()
        }
        return errors.with { errors in errors }
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

/// Hands each question on, and returns at once: the delivery's thread is not to wait for a sign-in.
private final class TokenDesk: TokenListener {
    private let desk: AsyncStream<Account.ID>.Continuation

    init(_ desk: AsyncStream<Account.ID>.Continuation) {
        self.desk = desk
    }

    func tokenWanted(account: String) throws {
        desk.yield(account)
    }
}

/// Runs a call that takes as long as a delivery on a thread of its own.
private func onOneThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread {
            continuation.resume(with: Result { try OutboxError.translating(body) })
        }
        thread.name = "dev.fieldpost.delivery"
        thread.stackSize = 2 << 20  // what Rust gives its own threads; Apple's default is a quarter of it
        thread.start()
    }
}

/// The bridge traps on what is no time, and on one of three hundred million years: neither may end an app.
private func seconds(_ time: TimeInterval, _ what: String) throws -> TimeInterval {
    guard time >= 0 else { throw OutboxError.invalid(message: "\(what) cannot be below zero: \(time)") }
    return min(time, 1e9)
}

extension Http {
    fileprivate func checked() throws -> Http {
        Http(
            connect: try connect.map { time in try seconds(time, "the time to connect") },
            idle: try idle.map { time in try seconds(time, "the idle time") },
            slowest: slowest,
            extraRoots: extraRoots
        )
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
