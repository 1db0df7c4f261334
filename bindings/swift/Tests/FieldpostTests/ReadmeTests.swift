// README begin
import Fieldpost
import Foundation

func documentTheRepair(photo: URL, signature: URL, folder: URL, url: URL, signIn: SignIn) async throws {
    let outbox = try Outbox(at: folder)
    try outbox.put(.corrigoPro(id: "acme", baseURL: url, performedBy: "Jo Field"))

    // No network needed. Once capture returns, the photo is safe; its file itself is not touched.
    let job = WorkOrder(account: "acme", id: "10234")
    try await outbox.capture(.photo(photo, caption: "Boiler plate", cap: .megabytes(1)), for: job)
    try await outbox.capture(.signature(signature), for: job)

    // Delivers what can be delivered now. Tokens are asked for when they are needed, and never stored.
    try await outbox.deliver { account in try await signIn.token(for: account) }

    for item in try await outbox.list(of: job) {
        switch item.status {
        case .delivered(let receipt): print(item.name, "is there since", receipt.deliveredAt)
        case .blocked(let why): print(item.name, "needs a person:", why.reason, why.action)
        case .captured(let why), .queued(let why), .waiting(let why), .verifying(let why):
            print(item.name, "is safe here, and waits:", why.reason)
        case .sending: print(item.name, "is on its way")
        case .cancelled: print(item.name, "was given up")
        }
    }
}
// README end

// swift-format-ignore: OrderedImports
import Testing

protocol SignIn: Sendable {
    func token(for account: String) async throws -> String
}

@Suite("The README", .timeLimit(.minutes(1)))
struct ReadmeTests {
    private struct Known: SignIn {
        let token: String

        func token(for account: String) async throws -> String { token }
    }

    @Test("what the README shows delivers a photo and a signature")
    func works() async throws {
        let world = try await World()
        let (account, folder) = (try world.sandbox.account(), world.folder.appendingPathComponent("readme"))
        try await documentTheRepair(
            photo: try world.photo(), signature: try world.signature(), folder: folder, url: account.url,
            signIn: Known(token: account.token))
        #expect(try await world.sandbox.ledger().count == 2)
    }

    @Test("the README shows what is compiled here")
    func same() throws {
        let here = try String(contentsOf: URL(fileURLWithPath: #filePath), encoding: .utf8)
        let shown = try #require(part(of: here, from: "// README begin\n", to: "// README end\n"))
        let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../../README.md").standardized
        let readme = try String(contentsOf: root, encoding: .utf8)
        // Until the README has it there is nothing to compare.
        guard let block = part(of: readme, from: "```swift\n", to: "```\n") else { return }
        #expect(block == shown)
    }

    private func part(of text: String, from begin: String, to end: String) -> Substring? {
        guard let begin = text.range(of: begin) else { return nil }
        guard let end = text[begin.upperBound...].range(of: end) else { return nil }
        return text[begin.upperBound..<end.lowerBound]
    }
}
