import FieldpostNative
import Foundation

/// Why a call failed. Nothing was lost by it: a call either did all of what it says, or nothing.
///
/// The case says what an app can do; the message, in English, what happened, to what, and what helps. It holds no secret,
/// but may hold a path of this device. What hinders an *item* is not an error but its ``Why``.
public enum OutboxError: Error, Hashable, Sendable {
    /// No account of that id is configured. Put it first.
    case unknownAccount(message: String)
    /// No item of that id is here.
    case unknownItem(message: String)
    /// The file to capture is missing, a folder, or cannot be read.
    case cannotRead(message: String)
    /// The account still has items that are not delivered. Deliver or cancel them first.
    case accountBusy(message: String)
    /// The item stands where it does not take this answer, such as cancelling what is delivered. Look at it again.
    case notNow(message: String)
    /// Another process delivers from this outbox, or another object in this one. It delivers what is here too.
    case alreadyDelivering(message: String)
    /// No room. What was to be captured was refused whole, nothing that waits was touched: free some space, try again.
    case diskFull(message: String)
    /// The outbox has taken all of the quota that it was opened with, and nothing delivered is left to clear. What was to be
    /// captured was refused whole: deliver what waits, or forget what is not wanted.
    case quotaFull(message: String)
    /// What was handed in cannot be right: a setting that the system does not know, an id that cannot be one, a root
    /// certificate that does not read.
    case invalid(message: String)
    /// Another process has the outbox open, and this needs it alone. Try again once it is closed.
    case inUse(message: String)
    /// The outbox was written by a newer version of this library. Update the app.
    case tooNew(message: String)
    /// A work-order system was asked, and did not answer what was wanted: the typed reason, the system's own words, what would help.
    /// Nothing was changed by it, here or there.
    case unanswered(why: Why, message: String)
    /// Anything else, such as a disk that fails. For the app's log and for support.
    case failed(message: String)
    /// ``Outbox/close()`` was called before.
    case closed

    /// What happened, to what, and what helps.
    public var message: String {
        switch self {
        case .unknownAccount(let message), .unknownItem(let message), .cannotRead(let message),
            .accountBusy(let message), .notNow(let message), .alreadyDelivering(let message), .diskFull(let message),
            .quotaFull(let message), .invalid(let message), .inUse(let message), .tooNew(let message),
            .unanswered(_, let message), .failed(let message):
            message
        case .closed:
            "the outbox is closed: open its folder again"
        }
    }
}

extension OutboxError: LocalizedError, CustomStringConvertible {
    /// The ``message``.
    public var errorDescription: String? { message }

    /// The ``message``.
    public var description: String { message }
}

extension OutboxError {
    /// What a call into the native library threw.
    init(native error: any Error) {
        self =
            switch error {
            case let error as OutboxError: error
            case let error as NativeError: OutboxError(error)
            // A fault of the library itself: a panic, which it has contained.
            default: .failed(message: error.localizedDescription)
            }
    }

    private init(_ error: NativeError) {
        self =
            switch error {
            case .UnknownAccount(let message): .unknownAccount(message: message)
            case .UnknownItem(let message): .unknownItem(message: message)
            case .CannotRead(let message): .cannotRead(message: message)
            case .AccountBusy(let message): .accountBusy(message: message)
            case .NotNow(let message): .notNow(message: message)
            case .AlreadyDelivering(let message): .alreadyDelivering(message: message)
            case .DiskFull(let message): .diskFull(message: message)
            case .QuotaFull(let message): .quotaFull(message: message)
            case .Invalid(let message): .invalid(message: message)
            case .InUse(let message): .inUse(message: message)
            case .TooNew(let message): .tooNew(message: message)
            case .Unanswered(let said, let why): .unanswered(why: why, message: said)
            case .Failed(let message): .failed(message: message)
            }
    }

    /// Runs a native call; whatever it throws becomes an `OutboxError`.
    static func translating<Value>(_ call: () throws -> Value) throws -> Value {
        do {
            return try call()
        } catch {
            throw OutboxError(native: error)
        }
    }

    /// Refuses what is no file: its path would name another one.
    static func check(isFile url: URL) throws {
        guard url.isFileURL else {
            throw OutboxError.invalid(message: "\(url.absoluteString) is no file: hand in a file URL")
        }
    }
}
