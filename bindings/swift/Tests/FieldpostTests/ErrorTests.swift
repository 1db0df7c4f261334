import Fieldpost
import Foundation
import Testing

@Suite("Errors", .timeLimit(.minutes(1)))
struct ErrorTests {
    @Test("an unknown account is an error that an app can tell and read")
    func unknownAccount() async throws {
        let world = try await World()
        let error = try await outboxError {
            try await world.outbox.capture(.text("note"), for: WorkOrder(account: "acne", id: "10234"))
        }
        guard case .unknownAccount = error else { throw Unexpected(error) }
        let words = "there is no account 'acne': add it first, or check its id"
        #expect((error.localizedDescription, "\(error)", error.message) == (words, words, words))
        guard case .unknownAccount = try await outboxError({ try await world.outbox.removeAccount("acne") }) else {
            throw Unexpected("another error")
        }
    }

    @Test("a missing file is an error that names it")
    func missingFile() async throws {
        let world = try await World()
        let missing = world.folder.appendingPathComponent("gone ü.jpg")
        let error = try await outboxError { try await world.outbox.capture(.photo(missing), for: world.job) }
        guard case .cannotRead(let message) = error else { throw Unexpected(error) }
        #expect(message.contains(missing.path))
    }

    @Test("an item that is not here is unknown, whatever its id looks like")
    func unknownItem() async throws {
        let world = try await World()
        let outbox = world.outbox
        for id in ["01990000-0000-7000-8000-00007f3a9c1e", "17", ""] {
            let uses: [() async throws -> Any] = [
                { try await outbox.item(id) }, { try await outbox.retry(id) }, { try await outbox.cancel(id) },
                { try await outbox.settle(id, as: .absent) }, { try await outbox.forget(id) },
            ]
            for use in uses {
                let error = try await outboxError(use)
                guard case .unknownItem(let message) = error else { throw Unexpected(error) }
                #expect(message.contains("'\(id)'"))
            }
        }
    }

    @Test("what cannot be right is refused with what is wrong")
    func invalid() async throws {
        let world = try await World()
        let outbox = world.outbox
        let base = try world.sandbox.account().url
        let (web, away) = (URL(string: "https://a.example/a.jpg"), URL(string: "http://acme.example"))
        let (photo, cleartext) = (try #require(web), try #require(away))
        func account(id: String = "b", settings: [String: String] = [:]) -> Account {
            .corrigoPro(id: id, baseURL: base, performedBy: "Jo Field", settings: settings)
        }
        let uses: [(String, () async throws -> Any)] = [
            ("colour", { try outbox.put(account(settings: ["colour": "red"])) }),
            ("visibility", { try outbox.put(account(settings: ["visibility": "any"])) }),
            ("http", { try outbox.put(.corrigoPro(id: "b", baseURL: cleartext, performedBy: "Jo")) }),
            ("two words", { try outbox.put(account(id: "two words")) }),
            ("edge", { try await outbox.capture(.photo(try world.photo(), maxEdge: -1), for: world.job) }),
            ("bytes", { try await outbox.capture(.photo(try world.photo(), cap: .megabytes(-1)), for: world.job) }),
            ("a.example", { try await outbox.capture(.photo(photo), for: world.job) }),
            ("a.example", { try Outbox(at: photo) }),
            ("token", { try await outbox.putToken("two words", for: "acme") }),
            ("certificate", { try await outbox.deliver(http: Http(extraRoots: [Data("none".utf8)])) { _ in nil } }),
        ]
        for (word, use) in uses {
            let error = try await outboxError(use)
            guard case .invalid(let message) = error else { throw Unexpected("\(word): \(error)") }
            #expect(message.contains(word))
        }
        #expect(try await outbox.list().isEmpty)
    }

    @Test("an answer that does not fit an item's state is refused: look again")
    func notNow() async throws {
        let world = try await World()
        let (outbox, item) = (world.outbox, try await world.captureNote())
        guard case .notNow = try await outboxError({ try await outbox.settle(item.id, as: .absent) }) else {
            throw Unexpected("settling what is in no doubt")
        }
        guard case .accountBusy(let message) = try await outboxError({ try await outbox.removeAccount("acme") }) else {
            throw Unexpected("removing an account with undelivered items")
        }
        #expect(message.contains("acme"))
        try await world.deliver()
        guard case .notNow = try await outboxError({ try await outbox.cancel(item.id) }) else {
            throw Unexpected("cancelling what is delivered")
        }
        #expect(try await outbox.retry(item.id) == false)
        try await outbox.removeAccount("acme")
    }

    @Test("a folder that cannot be one is an error at opening")
    func noFolder() async throws {
        let world = try await World()
        let file = try world.file("a file", Data())
        let error = try await outboxError { try Outbox(at: file) }
        guard case .failed = error else { throw Unexpected(error) }
        #expect(error.message.contains("folder"))
    }
}
