import FieldpostNative
import Foundation

extension Capture {
    /// A photo in any format that cameras write: made smaller until it is within its bounds, its pixels upright. One that is
    /// within them already is sent bit for bit. The original is kept.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - cap: The most bytes that are sent. Default: one megabyte, and then also a longest edge of 2560 pixels.
    ///   - maxEdge: The longest edge in pixels that is sent.
    ///   - exif: Which of its metadata is sent, such as ``ExifPolicy/noLocation``. The original on the device keeps all.
    ///   - profile: What becomes of colours that are not in sRGB, such as the Display P3 of every iPhone.
    ///   - moveSource: Whether the caller's file is removed once the capture is durable. Else it stays as it was.
    ///   - name: The name to send, with or without an extension. It is cleaned, eight digits that make it ours are put behind
    ///     its stem, and the content decides the extension. Default: that of the file.
    ///   - caption: The caption, where the system has one; elsewhere it stays here.
    ///   - tags: Words of the app's own that never leave the device.
    ///   - folder: The folder of the work order, where the system has some.
    ///   - priority: Its rank: the higher, the sooner. Default: 0.
    ///   - after: Send it only once that item is delivered.
    ///   - key: The app's own key: the same key twice is the same item, so that an app that was killed may capture again.
    ///   - requires: What it asks of the device before it leaves.
    ///   - settings: Settings of the system for this item, over the account's.
    ///   - person: Who captures it, by the app's own name: it leaves under no token that is another person's (``Token``).
    public static func photo(
        _ file: URL,
        name: String? = nil,
        caption: String? = nil,
        tags: [String] = [],
        folder: String? = nil,
        priority: Int? = nil,
        after: Item.ID? = nil,
        key: String? = nil,
        requires: Requires = Requires(),
        settings: [String: String] = [:],
        person: String? = nil,
        cap: Cap? = nil,
        maxEdge: Int? = nil,
        exif: ExifPolicy = .keep,
        profile: ProfilePolicy = .carry,
        moveSource: Bool = false
    ) -> Capture {
        let source = Source.photo(
            path: file, cap: cap, maxEdge: maxEdge.map(Int32.init(clamping:)), exif: exif, profile: profile,
            moveSource: moveSource)
        return Capture(
            source: source, name: name, caption: caption, tags: tags, folder: folder,
            priority: priority.map(Int32.init(clamping:)), after: after, key: key, requires: requires,
            settings: settings, person: person)
    }

    /// A document: sent as it is, whatever it is.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - moveSource: Whether the caller's file is removed once the capture is durable. Else it stays as it was.
    ///   - name: The name to send, with or without an extension. It is cleaned, eight digits that make it ours are put behind
    ///     its stem, and the content decides the extension. Default: that of the file.
    ///   - caption: The caption, where the system has one; elsewhere it stays here.
    ///   - tags: Words of the app's own that never leave the device.
    ///   - folder: The folder of the work order, where the system has some.
    ///   - priority: Its rank: the higher, the sooner. Default: 0.
    ///   - after: Send it only once that item is delivered.
    ///   - key: The app's own key: the same key twice is the same item, so that an app that was killed may capture again.
    ///   - requires: What it asks of the device before it leaves.
    ///   - settings: Settings of the system for this item, over the account's.
    ///   - person: Who captures it, by the app's own name: it leaves under no token that is another person's (``Token``).
    public static func document(
        _ file: URL,
        name: String? = nil,
        caption: String? = nil,
        tags: [String] = [],
        folder: String? = nil,
        priority: Int? = nil,
        after: Item.ID? = nil,
        key: String? = nil,
        requires: Requires = Requires(),
        settings: [String: String] = [:],
        person: String? = nil,
        moveSource: Bool = false
    ) -> Capture {
        let source = Source.document(path: file, moveSource: moveSource)
        return Capture(
            source: source, name: name, caption: caption, tags: tags, folder: folder,
            priority: priority.map(Int32.init(clamping:)), after: after, key: key, requires: requires,
            settings: settings, person: person)
    }

    /// A text: sent as a text file in UTF-8.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - name: The name to send, with or without an extension. It is cleaned, eight digits that make it ours are put behind
    ///     its stem, and the content decides the extension.
    ///   - caption: The caption, where the system has one; elsewhere it stays here.
    ///   - tags: Words of the app's own that never leave the device.
    ///   - folder: The folder of the work order, where the system has some.
    ///   - priority: Its rank: the higher, the sooner. Default: 0.
    ///   - after: Send it only once that item is delivered.
    ///   - key: The app's own key: the same key twice is the same item, so that an app that was killed may capture again.
    ///   - requires: What it asks of the device before it leaves.
    ///   - settings: Settings of the system for this item, over the account's.
    ///   - person: Who captures it, by the app's own name: it leaves under no token that is another person's (``Token``).
    public static func text(
        _ text: String,
        name: String? = nil,
        caption: String? = nil,
        tags: [String] = [],
        folder: String? = nil,
        priority: Int? = nil,
        after: Item.ID? = nil,
        key: String? = nil,
        requires: Requires = Requires(),
        settings: [String: String] = [:],
        person: String? = nil
    ) -> Capture {
        let source = Source.text(text: text)
        return Capture(
            source: source, name: name, caption: caption, tags: tags, folder: folder,
            priority: priority.map(Int32.init(clamping:)), after: after, key: key, requires: requires,
            settings: settings, person: person)
    }

    /// The picture of a signature, a PNG file: sent as it is, before photos.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - moveSource: Whether the caller's file is removed once the capture is durable. Else it stays as it was.
    ///   - name: The name to send, with or without an extension. It is cleaned, eight digits that make it ours are put behind
    ///     its stem, and the content decides the extension. Default: that of the file.
    ///   - caption: The caption, where the system has one; elsewhere it stays here.
    ///   - tags: Words of the app's own that never leave the device.
    ///   - folder: The folder of the work order, where the system has some.
    ///   - priority: Its rank: the higher, the sooner. Default: 10.
    ///   - after: Send it only once that item is delivered.
    ///   - key: The app's own key: the same key twice is the same item, so that an app that was killed may capture again.
    ///   - requires: What it asks of the device before it leaves.
    ///   - settings: Settings of the system for this item, over the account's.
    ///   - person: Who captures it, by the app's own name: it leaves under no token that is another person's (``Token``).
    public static func signature(
        _ file: URL,
        name: String? = nil,
        caption: String? = nil,
        tags: [String] = [],
        folder: String? = nil,
        priority: Int? = nil,
        after: Item.ID? = nil,
        key: String? = nil,
        requires: Requires = Requires(),
        settings: [String: String] = [:],
        person: String? = nil,
        moveSource: Bool = false
    ) -> Capture {
        let source = Source.signature(path: file, moveSource: moveSource)
        return Capture(
            source: source, name: name, caption: caption, tags: tags, folder: folder,
            priority: priority.map(Int32.init(clamping:)), after: after, key: key, requires: requires,
            settings: settings, person: person)
    }

    /// The file that it is made of, where it is one.
    var file: URL? {
        switch source {
        case .photo(let path, _, _, _, _, _), .document(let path, _), .signature(let path, _): path
        case .text: nil
        }
    }
}

extension Cap {
    /// So many megabytes, of 1,000,000 bytes each.
    public static func megabytes(_ count: Int) -> Cap { .atMost(bytes: bytes(count, of: 1_000_000)) }

    /// So many kilobytes, of 1,000 bytes each.
    public static func kilobytes(_ count: Int) -> Cap { .atMost(bytes: bytes(count, of: 1_000)) }

    /// No file comes near the bound.
    private static func bytes(_ count: Int, of unit: Int64) -> Int64 {
        let (bytes, overflow) = Int64(count).multipliedReportingOverflow(by: unit)
        return overflow ? (count < 0 ? .min : .max) : bytes
    }
}
