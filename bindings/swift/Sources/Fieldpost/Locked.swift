import Foundation

/// A value behind a lock. The system's own `Mutex` wants newer systems than this package does.
final class Locked<Value: Sendable>: @unchecked Sendable {  // unchecked: `value` is touched under `lock` alone
    private let lock = NSLock()
    private var value: Value

    init(_ value: Value) {
        self.value = value
    }

    /// Calls `body` under the lock: never call back into the app, nor into the native library, from it.
    func with<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}
