import Fieldpost
import Foundation
import Testing

@Suite("Streams", .timeLimit(.minutes(1)))
struct StreamTests {
    @Test("items come at once, then follow captures, the network, delivery and forgetting")
    func itemsFollow() async throws {
        let world = try await World()
        let stream = world.outbox.items(of: world.job)
        var lists = stream.makeAsyncIterator()
        func list(that isWanted: ([Item]) -> Bool) async throws -> [Item] {
            while let list = await lists.next() {
                if isWanted(list) { return list }
            }
            throw Unexpected("the stream ended")
        }
        #expect(await lists.next() == [])

        let item = try await world.captureNote()
        #expect(try await list { _ in true }.map(\.id) == [item.id])

        try await world.outbox.setConditions(Conditions(network: .none, power: .battery))
        _ = try await list { items in items.first?.why?.reason == .noNetwork }
        try await world.outbox.setConditions(Conditions(network: .unmetered, power: .battery))
        _ = try await list { items in items.first?.why?.reason == .notStarted }

        try await world.deliver()
        let delivered = try await list { items in items.first?.state == .delivered }
        let shown = try await world.outbox.item(item.id)
        #expect(delivered == [shown])

        try await world.outbox.forget(item.id)
        #expect(try await list { _ in true } == [])
    }

    @Test("a stream shows only what it was asked for")
    func selections() async throws {
        let world = try await World()
        try world.putAccount("other", in: world.outbox)
        let note = try await world.captureNote()
        let elsewhere = try await world.outbox.capture(.text("b"), for: WorkOrder(account: "acme", id: "10235"))
        let other = try await world.outbox.capture(.text("c"), for: WorkOrder(account: "other", id: "10234"))
        try await world.outbox.cancel(elsewhere.id)

        func first(_ items: AsyncStream<[Item]>) async throws -> [Item.ID] {
            try await items.first { _ in true }.map(\.id)
        }
        #expect(try await first(world.outbox.items(of: world.job)) == [note.id])
        #expect(try await first(world.outbox.items()) == [note.id, elsewhere.id, other.id])
        #expect(try await first(world.outbox.items(account: "other")) == [other.id])
        #expect(try await first(world.outbox.items(account: "acme", state: .cancelled)) == [elsewhere.id])
        #expect(try await world.outbox.list(of: world.job).map(\.id) == [note.id])
        #expect(try await world.outbox.list(state: .cancelled).map(\.id) == [elsewhere.id])
    }

    @Test("a slow reader sees the newest list, not every one before it")
    func conflated() async throws {
        let world = try await World()
        var lists = world.outbox.items(of: world.job).makeAsyncIterator()
        #expect(await lists.next() == [])
        for note in 1...20 { _ = try await world.captureNote("note \(note)") }
        #expect(await lists.next()?.count == 20)
    }

    @Test("what changes nothing of a list makes no new one")
    func noRepeats() async throws {
        let world = try await World()
        _ = try await world.captureNote("one")
        let (seen, one) = (Notes<Int>(), Signal())
        let reader = Task { [items = world.outbox.items(of: world.job)] in
            for await list in items {
                await seen.note(list.count)
                if list.count == 2 { break }
                one.tell()
            }
        }
        await one.wait()
        // Each of these concerns the account, and none the list.
        for power in [Conditions.Power.charging, .battery, .low] {
            try await world.outbox.setConditions(Conditions(network: .metered, power: power))
            let other = try await world.outbox.capture(.text("b"), for: WorkOrder(account: "acme", id: "10235"))
            try await world.outbox.forget(other.id)
        }
        _ = try await world.captureNote("two")
        await reader.value
        #expect(await seen.all == [1, 2])
    }

    @Test("events tell of changes, progress and forgetting, in order")
    func events() async throws {
        let world = try await World()
        let events = world.outbox.events
        let item = try await world.captureNote()
        try await world.deliver()
        try await world.outbox.forget(item.id)

        var seen: [String] = []
        for await event in events {
            switch event {
            case .changed(let item): seen.append("\(item.state)")
            case .progress(let id, let sent, let total):
                #expect(id == item.id && sent <= total)
                seen.append("progress")
            case .reasons: break
            case .forgotten: seen.append("forgotten")
            }
            if seen.last == "forgotten" { break }
        }
        #expect(seen.first == "queued" && seen.contains("sending") && seen.contains("progress"))
        #expect(seen.suffix(2) == ["delivered", "forgotten"])
    }

    @Test("a stream that is read no more lets go of its outbox")
    func letsGo() async throws {
        let world = try await World()
        weak var outbox: Outbox?
        do {
            let other = try Outbox(at: world.folder.appendingPathComponent("other"))
            outbox = other
            for await _ in other.items() { break }
            _ = other.events
        }
        #expect(outbox == nil)
    }
}
