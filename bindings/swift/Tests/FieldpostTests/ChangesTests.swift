import Fieldpost
import Foundation
import Testing

@Suite("Changes", .timeLimit(.minutes(1)))
struct ChangesTests {
    @Test("a repair lets a refused item go to another work order under another name")
    func repaired() async throws {
        let world = try await World()
        let item = try await world.outbox.capture(.text("one"), for: WorkOrder(account: "acme", id: "10240"))
        #expect(try await world.deliver().blocked == 1)

        let repaired = try await world.outbox.repair(item.id, name: "valve", workOrder: "10235")
        #expect((repaired.name, repaired.workOrder) == ("valve-\(item.id.suffix(8)).txt", "10235"))
        #expect(try await world.deliver().delivered == 1)
        let entry = try #require(try await world.sandbox.ledger().first)
        #expect((entry.name, entry.workOrder) == (repaired.name, "10235"))
    }

    @Test("an item that goes to another work order leaves the list of the one before")
    func leavesTheList() async throws {
        let world = try await World()
        let item = try await world.captureNote()
        var lists = world.outbox.items(of: world.job).makeAsyncIterator()
        #expect(await lists.next()?.map(\.id) == [item.id])
        try await world.outbox.repair(item.id, workOrder: "10235")
        #expect(await lists.next() == [])
    }

    @Test("a photo of a type that is not taken goes as what the phone made of it")
    func converted() async throws {
        let world = try await World()
        let nation = try world.sandbox.account("fieldnation")
        try world.outbox.put(.fieldNation(id: "fn", baseURL: nation.url))
        let heic = try world.file("boiler.heic", Data("\0\0\0\u{18}ftypheic\0\0\0\0mif1heic".utf8))
        let job = WorkOrder(account: "fn", id: nation.workOrders[0])
        let photo = try await world.outbox.capture(.photo(heic, maxEdge: 20), for: job)
        #expect(photo.why?.reason == .typeNotAccepted)

        await #expect(throws: OutboxError.self) { try await world.outbox.convert(photo.id, to: heic) }
        let converted = try await world.outbox.convert(photo.id, to: try world.photo())
        #expect(converted.original == photo.original && converted.sent?.width == 20)
        let delivered = try await world.outbox.deliver { _ in nation.token }
        #expect(delivered.delivered == 1)
        await #expect(throws: OutboxError.self) { try await world.outbox.convert(photo.id, to: heic) }
    }

    @Test("another cap prepares a photo again")
    func cap() async throws {
        let world = try await World()
        try await world.outbox.setConditions(Conditions(network: .none, power: .battery))
        let photo = try await world.outbox.capture(.photo(try world.photo(), cap: .kilobytes(600)), for: world.job)
        try await world.deliver()
        let first = try await world.outbox.item(photo.id)
        #expect(try #require(first.sent).bytes <= 600_000)

        #expect(try await world.outbox.repair(photo.id, cap: .kilobytes(400)).sent == nil)
        try await world.outbox.setConditions(Conditions(network: .unmetered, power: .battery))
        try await world.deliver()
        let delivered = try await world.outbox.item(photo.id)
        #expect(try #require(delivered.sent).bytes <= 400_000 && delivered.state == .delivered)
    }

    @Test("what gets a higher rank goes first")
    func rank() async throws {
        let world = try await World(settings: ["max_concurrent": "1"])
        let (first, second) = (try await world.captureNote("one"), try await world.captureNote("two"))
        try await world.outbox.repair(second.id, priority: 1)
        try await world.deliver()
        #expect(try await world.sandbox.ledger().map(\.name) == [second.name, first.name])
    }

    @Test("what the system holds of an item is changed, then deleted")
    func updatedThenDeleted() async throws {
        let world = try await World()
        let item = try await world.captureNote()
        try await world.deliver()
        let uploaded = try await world.outbox.item(item.id)
        let remoteID = try #require(uploaded.receipt?.remoteId)

        let update = try await world.outbox.update(item.id, ["visibility": "CruOnly", "name": "valve.txt"])
        #expect(update.operation == .update && update.original == nil && update.id != item.id)
        try await world.deliver()
        #expect(try await world.outbox.item(update.id).receipt?.remoteId == remoteID)

        let deletion = try await world.outbox.delete(item.id)
        #expect(deletion.operation == .delete)
        #expect(try await world.outbox.delete(.remote(job: world.job, id: remoteID)).id == deletion.id)
        try await world.deliver()
        let ledger = try await world.sandbox.ledger()
        #expect(ledger.map(\.operation) == ["upload", "update", "delete"])
        #expect(ledger.map(\.name) == [item.name, update.name, update.name])
        #expect(ledger.allSatisfy { entry in entry.remoteId == remoteID })
    }

    @Test("what somebody else sent is changed and deleted by its id at the system")
    func somebodyElses() async throws {
        let world = try await World()
        let other = try Outbox(at: world.folder.appendingPathComponent("other"))
        defer { other.close() }
        try world.putAccount("acme", in: other)
        let token = try world.sandbox.account().token
        let item = try await other.capture(.text("theirs"), for: world.job)
        try await other.deliver { _ in token }
        let uploaded = try await other.item(item.id)
        let remoteID = try #require(uploaded.receipt?.remoteId)

        try await world.outbox.update(.remote(job: world.job, id: remoteID), ["name": "plan.txt"])
        try await world.deliver()
        #expect(try await world.outbox.delete(.remote(job: world.job, id: remoteID)).name == remoteID)
        try await world.deliver()
        let last = try await world.sandbox.ledger().last
        let deleted = try #require(last)
        #expect((deleted.operation, deleted.remoteId, deleted.name) == ("delete", remoteID, "plan.txt"))
    }

    @Test("what has not left is changed itself, or given up")
    func notLeft() async throws {
        let world = try await World()
        let item = try await world.captureNote()
        #expect(try await world.outbox.update(item.id, ["visibility": "CruOnly"]).id == item.id)
        let deleted = try await world.outbox.delete(item.id)
        #expect(deleted.id == item.id && deleted.status == .cancelled)
    }

    @Test("what cannot be changed is refused by its kind")
    func refused() async throws {
        let world = try await World()
        let item = try await world.captureNote()
        let outbox = world.outbox
        let cap = try await outboxError { try await outbox.repair(item.id, cap: .original) }
        guard case .invalid = cap else { throw Unexpected(cap) }
        let colour = try await outboxError { try await outbox.update(item.id, ["colour": "red"]) }
        guard case .invalid(let message) = colour, message.contains("colour") else { throw Unexpected(colour) }
        let elsewhere = Attachment.remote(job: WorkOrder(account: "nobody", id: "1"), id: "4711")
        let nobody = try await outboxError { try await outbox.delete(elsewhere) }
        guard case .unknownAccount = nobody else { throw Unexpected(nobody) }
        try await outbox.cancel(item.id)
        let late = try await outboxError { try await outbox.repair(item.id, priority: 1) }
        guard case .notNow = late else { throw Unexpected(late) }
    }

    @Test("what a backup brings to another phone is looked for, and not sent twice")
    func restored() async throws {
        let world = try await World()
        let token = try world.sandbox.account().token
        func phone(_ name: String, _ folder: String) throws -> Outbox {
            try Outbox(
                at: world.folder.appendingPathComponent(folder), install: world.folder.appendingPathComponent(name))
        }
        let before = try phone("old phone", "old")
        try world.putAccount("acme", in: before)
        let item = try await before.capture(.text("once"), for: world.job)
        before.close()
        try FileManager.default.copyItem(
            at: world.folder.appendingPathComponent("old"), to: world.folder.appendingPathComponent("new"))

        let old = try phone("old phone", "old")
        #expect(try await old.deliver { _ in token }.delivered == 1)
        old.close()
        let new = try phone("new phone", "new")
        try await new.deliver { _ in token }
        #expect(try await new.item(item.id).receipt?.proof == .found)
        new.close()
        #expect(try await world.sandbox.ledger().count == 1)
    }

    @Test("the installation's file is a file")
    func noFile() async throws {
        let world = try await World()
        let url = try #require(URL(string: "https://a.example/install"))
        let error = try await outboxError { try Outbox(at: world.folder.appendingPathComponent("o"), install: url) }
        guard case .invalid = error else { throw Unexpected(error) }
    }
}
