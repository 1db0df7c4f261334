import Foundation
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The simulated systems, as a child process: `fieldpost sandbox`, named by the environment's `FIELDPOST_COMMAND`.
final class Sandbox: Sendable {
    struct Account: Decodable {
        let provider: String
        let url: URL
        let token: String
        let workOrders: [String]
    }

    /// What a system accepted.
    struct Entry: Decodable {
        let operation: String
        let workOrder: String
        let remoteId: String
        let name: String
        let bytes: Int
        let sha256: String
    }

    enum Network: String {
        case up, gone, refused, silent
    }

    private struct Listening: Decodable {
        let control: URL
        let accounts: [Account]
    }

    struct NotStarted: Error {}

    private let control: URL
    private let accounts: [Account]
    /// The child lives for as long as this is open, even where the tests are killed.
    private let life: FileHandle

    init() async throws {
        let command = try #require(ProcessInfo.processInfo.environment["FIELDPOST_COMMAND"], "set by cargo xtask test")
        let output: FileHandle
        (life, output) = try Self.start(command)
        let line = try await Self.firstLine(of: output)
        let listening = try Self.decoder.decode(Listening.self, from: line)
        (control, accounts) = (listening.control, listening.accounts)
    }

    deinit {
        try? life.close()
    }

    private static let starting = NSLock()

    /// Returns what ends the sandbox when it is closed, and what it writes.
    private static func start(_ command: String) throws -> (life: FileHandle, output: FileHandle) {
        // One at a time: a child that is started meanwhile would inherit the other one's pipe, and keep it open.
        starting.lock()
        defer { starting.unlock() }
        let (input, output) = (Pipe(), Pipe())
        _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // By the signal that cannot be blocked: Swift's threads block most, and their children inherit that.
        process.arguments = ["-c", #""$0" --json sandbox --port 0 & cat >/dev/null; kill -KILL $!"#, command]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        return (input.fileHandleForWriting, output.fileHandleForReading)
    }

    /// Reads on a thread that may wait.
    private static func firstLine(of file: FileHandle) async throws -> Data {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                var read = Data()
                while !read.contains(UInt8(ascii: "\n")) {
                    let more = file.availableData
                    if more.isEmpty { return continuation.resume(throwing: NotStarted()) }
                    read.append(more)
                }
                continuation.resume(returning: read.prefix { byte in byte != UInt8(ascii: "\n") })
            }
        }
    }

    // MARK: - What it has

    func account(_ provider: String = "corrigopro") throws -> Account {
        try #require(accounts.first { account in account.provider == provider })
    }

    /// What was accepted, in order.
    func ledger() async throws -> [Entry] {
        try Self.decoder.decode([Entry].self, from: try await request("ledger"))
    }

    // MARK: - What it is told

    func network(_ network: Network) async throws {
        try await post("network", ["network": network.rawValue])
    }

    /// The next upload to CorrigoPro meets that fault.
    func nextUpload(meets fault: [String: Any]) async throws {
        try await post("faults", ["system": "corrigopro", "operation": "upload", "fault": fault])
    }

    /// CorrigoPro's lists cannot be read any more.
    func hideLists() async throws {
        let fault: [String: Any] = ["kind": "status", "status": 503, "when": "before"]
        try await post("faults", ["system": "corrigopro", "operation": "list", "times": "forever", "fault": fault])
    }

    /// From now on only the token that is returned is accepted.
    func rotateToken() async throws -> String {
        struct Rotated: Decodable {
            let token: String
        }
        let answer = try await post("tokens/rotate", ["system": "corrigopro"])
        return try Self.decoder.decode(Rotated.self, from: answer).token
    }

    // MARK: - Its control

    private static let decoder = {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }()

    @discardableResult
    private func post(_ path: String, _ body: [String: Any]) async throws -> Data {
        try await request(path, body: try JSONSerialization.data(withJSONObject: body))
    }

    private func request(_ path: String, body: Data? = nil) async throws -> Data {
        var request = URLRequest(url: control.appendingPathComponent(path))
        if let body {
            request.httpMethod = "POST"
            request.httpBody = body
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        let (data, response) = try await URLSession.shared.data(for: request)
        let status = (response as? HTTPURLResponse)?.statusCode
        try #require(status == 200, "\(path): \(String(decoding: data, as: UTF8.self))")
        return data
    }
}
