import Fieldpost
import Foundation
import Testing

@Suite("Closing", .timeLimit(.minutes(1)))
struct ClosingTests {
    @Test("use after close is an error that says so")
    func useAfterClose() async throws {
        let world = try await World()
        let item = try await world.captureNote()
        let (outbox, job) = (world.outbox, world.job)
        outbox.close()

        let account = Account.corrigoPro(id: "b", baseURL: try world.sandbox.account().url, performedBy: "Jo Field")
        let uses: [() async throws -> Any] = [
            { try outbox.put(account) }, { try await outbox.accounts() }, { try await outbox.removeAccount("acme") },
            { try await outbox.capture(.text("late"), for: job) }, { try await outbox.item(item.id) },
            { try await outbox.list(of: job) }, { try await outbox.list() }, { try await outbox.retry(item.id) },
            { try await outbox.retryAll() }, { try await outbox.cancel(item.id) }, { try await outbox.forget(item.id) },
            { try await outbox.settle(item.id, as: .absent) }, { try await outbox.conditions() },
            { try await outbox.setConditions(Conditions(network: .none, power: .low)) }, { try await outbox.check() },
            { try await outbox.putToken("token", for: "acme") }, { try await outbox.deliver { _ in nil } },
            { try await outbox.stop() }, { try await outbox.remote(of: job) { _ in nil }.list() },
            { try await outbox.deleteFolder("1", of: job) },
        ]
        for use in uses {
            #expect(try await outboxError(use) == .closed)
        }
        #expect(OutboxError.closed.localizedDescription == "the outbox is closed: open its folder again")
    }

    @Test("closing twice is fine, and what was captured is there again")
    func twice() async throws {
        let world = try await World()
        let item = try await world.captureNote()
        world.outbox.close()
        world.outbox.close()
        let again = try Outbox(at: world.folder.appendingPathComponent("outbox"))
        defer { again.close() }
        #expect(try await again.item(item.id).id == item.id)
    }

    @Test("closing ends the streams, and a new one is ended already")
    func streams() async throws {
        let world = try await World()
        var lists = world.outbox.items().makeAsyncIterator()
        var events = world.outbox.events.makeAsyncIterator()
        #expect(await lists.next() == [])
        let reader = Task { [outbox = world.outbox] in
            var seen = 0
            for await _ in outbox.items() { seen += 1 }
            return seen
        }
        world.outbox.close()
        #expect(await lists.next() == nil)
        #expect(await events.next() == nil)
        #expect(await reader.value <= 1)
        lists = world.outbox.items().makeAsyncIterator()
        events = world.outbox.events.makeAsyncIterator()
        #expect(await lists.next() == nil)
        #expect(await events.next() == nil)
    }

    @Test("closing while delivering stops the delivery, and the next one delivers once")
    func whileDelivering() async throws {
        // As in the test of cancellation: the sandbox lists at once, so absence may be believed at once.
        let world = try await World(settings: ["settle": "0"])
        _ = try await world.captureNote()
        let events = world.outbox.events
        try await world.sandbox.network(.silent)
        let delivery = Task { try await world.deliver() }
        _ = try await events.first { event in event.isAllSent }
        world.outbox.close()

        let ended = try await delivery.value
        #expect((ended.delivered, ended.waiting) == (0, 1))
        try await world.sandbox.network(.up)
        let again = try Outbox(at: world.folder.appendingPathComponent("outbox"))
        defer { again.close() }
        let token = try world.sandbox.account().token
        #expect(try await again.deliver { _ in token }.delivered == 1)
        #expect(try await world.sandbox.ledger().count == 1)
    }

    @Test("a stop ends a delivery that hangs, which returns what it did, and the next one delivers once")
    func stop() async throws {
        let world = try await World(settings: ["settle": "0"])  // as above
        try await world.outbox.stop()  // nothing runs
        _ = try await world.captureNote()
        let events = world.outbox.events
        try await world.sandbox.network(.silent)
        let delivery = Task { try await world.outbox.deliver(watch: true) { _ in try world.sandbox.account().token } }
        _ = try await events.first { event in event.isAllSent }

        try await world.outbox.stop()
        let ended = try await delivery.value
        #expect((ended.delivered, ended.waiting) == (0, 1))
        try await world.sandbox.network(.up)
        #expect(try await world.deliver().delivered == 1)
        #expect(try await world.sandbox.ledger().count == 1)
    }

    @Test("a pause ends a delivery that hangs, and lasts until it is resumed, also over a restart")
    func pause() async throws {
        let world = try await World(settings: ["settle": "0"])  // as above
        let item = try await world.captureNote()
        let events = world.outbox.events
        try await world.sandbox.network(.silent)
        let delivery = Task { try await world.outbox.deliver(watch: true) { _ in try world.sandbox.account().token } }
        _ = try await events.first { event in event.isAllSent }

        try await world.outbox.pause()
        let wal = world.folder.appendingPathComponent("outbox/outbox.db-wal").path
        #expect(!FileManager.default.fileExists(atPath: wal), "the database is closed")
        #expect(try await delivery.value.waiting == 1)
        world.outbox.close()
        let again = try Outbox(at: world.folder.appendingPathComponent("outbox"))
        defer { again.close() }
        #expect(try await again.isPaused())
        #expect(try await again.item(item.id).why?.reason == .paused)
        let token = try world.sandbox.account().token
        #expect(try await again.deliver(watch: true) { _ in token }.waiting == 1)

        try await world.sandbox.network(.up)
        try await again.resume()
        #expect(try await !again.isPaused())
        #expect(try await again.deliver { _ in token }.delivered == 1)
        #expect(try await world.sandbox.ledger().count == 1)
    }

    @Test("calls under way are carried out while the outbox is closed")
    func callsUnderWay() async throws {
        let world = try await World()
        let photo = try world.photo()
        let calls = (1...8).map { key in
            Task { [outbox = world.outbox, job = world.job] in
                try await outbox.capture(.photo(photo, key: "\(key)"), for: job).id
            }
        }
        world.outbox.close()
        var kept: [Item.ID] = []
        for call in calls {
            do {
                kept.append(try await call.value)
            } catch OutboxError.closed {}
        }
        let again = try Outbox(at: world.folder.appendingPathComponent("outbox"))
        defer { again.close() }
        #expect(try await again.list().map(\.id).sorted() == kept.sorted())
        #expect(try await again.check().findings.isEmpty)
    }
}
