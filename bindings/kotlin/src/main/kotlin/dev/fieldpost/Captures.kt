@file:Suppress("FunctionName", "ktlint:standard:function-naming") // they read as what they make: a photo, a text

package dev.fieldpost

import java.io.File

/**
 * A photo in any format that cameras write, for [Outbox.capture]. What is sent is made smaller until it is within its
 * bounds, its pixels upright; one that is within them already is sent bit for bit. The original is kept.
 *
 * @param file the photo. It is copied, and stays as it was unless it is to be moved.
 * @param caption the caption, where the system has one; elsewhere it stays here.
 * @param cap the most bytes that are sent, such as `1.megabytes`, or [Cap.Original]. It takes the place of both default
 *   bounds, which are 1 MB and a longest edge of 2560 pixels.
 * @param maxEdge the longest edge in pixels that is sent.
 * @param exif which of its metadata is sent, such as [ExifPolicy.NO_LOCATION]. The original on the device keeps all.
 * @param profile what becomes of colours that are not in sRGB, such as the Display P3 of many phones.
 * @param name the name to send, with or without an extension. It is cleaned, eight digits that make it ours are put behind
 *   its stem, and the content decides the extension. Default: that of the file.
 * @param tags words of the app's own that never leave the device.
 * @param folder the folder of the work order, where the system has some.
 * @param priority its rank: the higher, the sooner. Default: 0.
 * @param after send it only once that item is delivered.
 * @param key the app's own key: the same key twice is the same item, so that an app that was killed may capture again.
 * @param requires what it asks of the device before it leaves. Default: nothing.
 * @param settings settings of the system for this item, over the account's.
 * @param person who captures it, by the app's own name: it leaves under no token that is another person's ([Token]).
 * @param moveSource whether the file is removed once the capture is durable.
 */
public fun Photo(
    file: File,
    caption: String? = null,
    cap: Cap? = null,
    maxEdge: Int? = null,
    name: String? = null,
    tags: List<String> = emptyList(),
    folder: String? = null,
    priority: Int? = null,
    after: ItemId? = null,
    key: String? = null,
    requires: Requires = Requires(),
    settings: Map<String, String> = emptyMap(),
    person: String? = null,
    exif: ExifPolicy = ExifPolicy.KEEP,
    profile: ProfilePolicy = ProfilePolicy.CARRY,
    moveSource: Boolean = false,
): Capture {
    val source = Source.Photo(file, cap, maxEdge, exif, profile, moveSource)
    return Capture(source, name, caption, tags, folder, priority, after, key, requires, settings, person)
}

/**
 * A document, for [Outbox.capture]: sent as it is, whatever it is.
 *
 * @param file the document. It is copied, and stays as it was unless it is to be moved.
 * @param caption as for a [Photo], and so are the others.
 */
public fun Document(
    file: File,
    caption: String? = null,
    name: String? = null,
    tags: List<String> = emptyList(),
    folder: String? = null,
    priority: Int? = null,
    after: ItemId? = null,
    key: String? = null,
    requires: Requires = Requires(),
    settings: Map<String, String> = emptyMap(),
    person: String? = null,
    moveSource: Boolean = false,
): Capture {
    val source = Source.Document(file, moveSource)
    return Capture(source, name, caption, tags, folder, priority, after, key, requires, settings, person)
}

/**
 * A text, for [Outbox.capture]: sent as a text file in UTF-8.
 *
 * @param text the text.
 * @param caption as for a [Photo], and so are the others.
 */
public fun Text(
    text: String,
    caption: String? = null,
    name: String? = null,
    tags: List<String> = emptyList(),
    folder: String? = null,
    priority: Int? = null,
    after: ItemId? = null,
    key: String? = null,
    requires: Requires = Requires(),
    settings: Map<String, String> = emptyMap(),
    person: String? = null,
): Capture {
    val source = Source.Text(text)
    return Capture(source, name, caption, tags, folder, priority, after, key, requires, settings, person)
}

/**
 * The picture of a signature, for [Outbox.capture]: sent as it is, before photos.
 *
 * @param file a PNG file. It is copied, and stays as it was unless it is to be moved.
 * @param caption as for a [Photo], and so are the others.
 * @param priority its rank: the higher, the sooner. Default: 10.
 */
public fun Signature(
    file: File,
    caption: String? = null,
    name: String? = null,
    tags: List<String> = emptyList(),
    folder: String? = null,
    priority: Int? = null,
    after: ItemId? = null,
    key: String? = null,
    requires: Requires = Requires(),
    settings: Map<String, String> = emptyMap(),
    person: String? = null,
    moveSource: Boolean = false,
): Capture {
    val source = Source.Signature(file, moveSource)
    return Capture(source, name, caption, tags, folder, priority, after, key, requires, settings, person)
}

/** At most so many bytes: `cap = 1.megabytes`. Decimal: 1 MB is 1,000,000 bytes. */
public val Int.megabytes: Cap get() = Cap.AtMost(this * 1_000_000L)

/** At most so many bytes: `cap = 500.kilobytes`. Decimal: 1 kB is 1,000 bytes. */
public val Int.kilobytes: Cap get() = Cap.AtMost(this * 1_000L)
