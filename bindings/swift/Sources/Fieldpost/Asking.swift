import FieldpostNative
import Foundation

/// How a native call that asks for tokens ended, and what the app's sign-in threw meanwhile, by account.
struct Asked<Value: Sendable>: Sendable {
    let result: Result<Value, any Error>
    let tokenErrors: [Account.ID: any Error]
}

/// A token that is wanted for an account; the number is what the answer goes to.
private struct Question: Sendable {
    let account: Account.ID
    let number: Int64
}

extension Outbox {
    /// Makes a native call that blocks and asks for tokens, on a thread of its own, and answers its questions. Returns only when
    /// that thread is done, and no question is being answered any more. Cancelling the task, and ``close()``, give the call its
    /// signal to stop.
    ///
    /// - Parameter running: Who keeps it while it is under way.
    /// - Throws: `CancellationError` where the task was cancelled, ``OutboxError/closed``, and nothing else.
    func asking<Value: Sendable>(
        with tokens: any Tokens,
        in running: Running? = nil,
        _ call: @escaping @Sendable (NativeOutbox, any TokenListener, StopSignal) throws -> Value
    ) async throws -> Asked<Value> {
        try Task.checkCancellation()
        let stop = StopSignal()
        guard register(stop, { stop.stop() }) else { throw OutboxError.closed }
        defer { withdraw(ObjectIdentifier(stop)) }
        return try await withTaskCancellationHandler {
            let native = try native()
            let (wanted, desk) = AsyncStream.makeStream(of: Question.self)
            running?.enter(stop)
            async let result = onOneThread {
                defer {
                    desk.finish()
                    running?.leave(stop)
                }
                return try call(native, TokenDesk(desk), stop)
            }
            let errors = await answer(wanted, with: tokens, native: native)
            let asked = Asked(result: await result, tokenErrors: errors)
            try Task.checkCancellation()
            return asked
        } onCancel: {
            stop.stop()
        }
    }

    /// Asks the app's sign-in for each account that wants a token, all at the same time. Returns what it threw, and what was wrong
    /// with its tokens.
    private func answer(
        _ wanted: AsyncStream<Question>,
        with tokens: any Tokens,
        native: NativeOutbox
    ) async -> [Account.ID: any Error] {
        let errors = Locked<[Account.ID: any Error]>([:])
        await withTaskGroup(of: Void.self) { group in
            for await question in wanted {
                group.addTask {
                    var token: Token?
                    do {
                        token = try await tokens.token(for: question.account)
                    } catch {
                        // A sign-in that was cancelled because the call has ended is no failure.
                        if !Task.isCancelled { errors.with { errors in errors[question.account] = error } }
                    }
                    do {
                        // Waits for nothing. What nobody waits for any more is dropped.
                        try OutboxError.translating {
                            try native.answerToken(
                                question: question.number, token: token?.value, person: token?.person)
                        }
                    } catch {
                        errors.with { errors in errors[question.account] = error }
                    }
                }
            }
            group.cancelAll()
        }
        return errors.with { errors in errors }
    }
}

/// Hands each question on, and returns at once: the call's thread is not to wait for a sign-in.
private final class TokenDesk: TokenListener {
    private let desk: AsyncStream<Question>.Continuation

    init(_ desk: AsyncStream<Question>.Continuation) {
        self.desk = desk
    }

    func tokenWanted(account: String, question: Int64) throws {
        desk.yield(Question(account: account, number: question))
    }
}

/// Runs a call that takes as long as a delivery on a thread of its own.
private func onOneThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) async -> Result<Value, any Error> {
    await withCheckedContinuation { continuation in
        let thread = Thread {
            continuation.resume(returning: Result { try OutboxError.translating(body) })
        }
        thread.name = "dev.fieldpost.delivery"
        thread.stackSize = 2 << 20  // what Rust gives its own threads; Apple's default is a quarter of it
        thread.start()
    }
}

/// The bridge traps on what is no time, and on one of three hundred million years: neither may end an app.
func seconds(_ time: TimeInterval, _ what: String) throws -> TimeInterval {
    guard time >= 0 else { throw OutboxError.invalid(message: "\(what) cannot be below zero: \(time)") }
    return min(time, 1e9)
}

extension Http {
    func checked() throws -> Http {
        Http(
            connect: try connect.map { time in try seconds(time, "the time to connect") },
            idle: try idle.map { time in try seconds(time, "the idle time") },
            slowest: slowest,
            extraRoots: extraRoots
        )
    }
}
