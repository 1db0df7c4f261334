import Fieldpost
import Foundation
import Testing

/// An outbox in a folder of its own, with simulated systems to deliver to.
final class World: Sendable {
    let folder: URL
    let outbox: Outbox
    let sandbox: Sandbox
    let job = WorkOrder(account: "acme", id: "10234")

    /// - Parameter settings: Further settings of the account `acme`, at CorrigoPro.
    init(settings: [String: String] = [:]) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("fieldpost é \(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        sandbox = try await Sandbox()
        outbox = try Outbox(at: folder.appendingPathComponent("outbox"))
        try putAccount("acme", in: outbox, settings: settings)
    }

    deinit {
        outbox.close()
        try? FileManager.default.removeItem(at: folder)
    }

    func putAccount(_ id: String, in outbox: Outbox, settings: [String: String] = [:]) throws {
        let url = try sandbox.account().url
        try outbox.put(.corrigoPro(id: id, baseURL: url, performedBy: "Jo Field", settings: settings))
    }

    /// Delivers with the token that the sandbox accepts from the start.
    @discardableResult
    func deliver() async throws -> Delivery {
        let token = try sandbox.account().token
        return try await outbox.deliver { _ in token }
    }

    /// A note for the work order.
    func captureNote(_ text: String = "Valve 3 leaks") async throws -> Item {
        try await outbox.capture(.text(text), for: job)
    }

    func file(_ name: String, _ content: Data) throws -> URL {
        let file = folder.appendingPathComponent(name)
        try content.write(to: file)
        return file
    }

    /// A photo of 1.44 MB that is no smaller as a PNG: noise, as a bitmap.
    func photo(named name: String = "boiler.bmp") throws -> URL {
        let (width, height) = (800, 600)
        var content = Data("BM".utf8)
        func append(_ values: UInt32...) {
            for value in values {
                withUnsafeBytes(of: value.littleEndian) { bytes in content.append(contentsOf: bytes) }
            }
        }
        append(54 + UInt32(3 * width * height), 0, 54)
        append(40, UInt32(width), UInt32(height), 1 | 24 << 16, 0, 0, 0, 0, 0, 0)
        var noise: UInt32 = 1
        for _ in 0..<3 * width * height {
            noise = noise &* 1_664_525 &+ 1_013_904_223
            content.append(UInt8(noise >> 24))
        }
        return try file(name, content)
    }

    /// The smallest picture of a signature.
    func signature() throws -> URL {
        let png =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
        return try file("signature.png", try #require(Data(base64Encoded: png)))
    }
}

/// Told once, and waited for.
final class Signal: Sendable {
    private let (stream, continuation) = AsyncStream.makeStream(of: Void.self)

    func tell() {
        continuation.finish()
    }

    func wait() async {
        for await _ in stream {}
    }
}

/// What several tasks note.
actor Notes<Note: Sendable> {
    private(set) var all: [Note] = []

    /// Returns how many there were before.
    @discardableResult
    func note(_ note: Note) -> Int {
        all.append(note)
        return all.count - 1
    }
}

extension Event {
    /// Whether all bytes of an item have left.
    var isAllSent: Bool {
        if case .progress(_, let sent, let total) = self { sent == total } else { false }
    }
}

extension AsyncSequence where Self: Sendable {
    /// The first that is as wanted; every test has a time limit.
    func first(that isWanted: (Element) -> Bool) async throws -> Element {
        try #require(try await first(where: isWanted), "the stream ended before")
    }
}

/// That the call throws an outbox's error, which is returned.
func outboxError<Value>(
    _ call: () async throws -> Value, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> OutboxError {
    do {
        let value = try await call()
        Issue.record("it did not throw, but returned \(value)", sourceLocation: sourceLocation)
    } catch {
        return try #require(error as? OutboxError, "\(error)", sourceLocation: sourceLocation)
    }
    throw CancellationError()
}
