package dev.fieldpost

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test
import java.io.File
import kotlin.time.Instant

/** What the builders make, and what is read from a status. */
class BuildersTest {
    private val file = File("boiler.jpg")
    private val settings = mapOf("visibility" to "Public")
    private val requires = Requires(unmetered = true)
    private val tags = listOf("tag")

    @Test
    fun `an account has the settings that it is made of, and those that are further given`() {
        assertEquals(
            Account("a", ProviderKind.CORRIGO_PRO, "https://a.example", mapOf("performed_by" to "Jo Field")),
            CorrigoPro("a", "https://a.example", performedBy = "Jo Field"),
        )
        assertEquals(
            mapOf("performed_by" to "Jo", "performed_by_phone" to "1", "visibility" to "All", "settle" to "60"),
            CorrigoPro("a", "u", "Jo", performedByPhone = "1", visibility = "All", mapOf("settle" to "60")).settings,
        )
        assertEquals(
            Account(
                "d",
                ProviderKind.DIGITAL_REALTY,
                "https://d.example",
                mapOf("master_account_id" to "M", "account_id" to "A", "settle" to "60"),
            ),
            DigitalRealty("d", "https://d.example", "M", "A", mapOf("settle" to "60")),
        )
    }

    @Test
    fun `each further system's account is made the same way`() {
        assertEquals(
            Account(
                "s",
                ProviderKind.SERIAL,
                "https://s.example",
                mapOf("added_by_user_id" to "7", "flat" to "true", "caption" to "text", "settle" to "60"),
            ),
            Serial(
                "s",
                "https://s.example",
                addedByUserId = "7",
                flat = true,
                captionsAsTexts = true,
                mapOf("settle" to "60"),
            ),
        )
        assertEquals(
            Account(
                "d",
                ProviderKind.DECISIV,
                "https://d.example/platform_api",
                mapOf(
                    "path" to "case",
                    "encoding" to "base64",
                    "internal" to "false",
                    "sender" to "U",
                    "settle" to "60",
                ),
            ),
            Decisiv(
                "d",
                "https://d.example/platform_api",
                singularPaths = true,
                base64Files = true,
                internal = false,
                sender = "U",
                mapOf("settle" to "60"),
            ),
        )
        assertEquals(
            Account(
                "f",
                ProviderKind.FIELD_NATION,
                "https://f.example/api/rest/v2",
                mapOf(
                    "folder" to "Documents",
                    "acting_user_id" to "42",
                    "signatures" to "endpoint",
                    "settle" to "60",
                ),
            ),
            FieldNation(
                "f",
                "https://f.example/api/rest/v2",
                folder = "Documents",
                actingUserId = 42,
                signaturesToEndpoint = true,
                mapOf("settle" to "60"),
            ),
        )
    }

    @Test
    fun `an account at a tus server has its metadata as pairs`() {
        assertEquals(
            Account(
                "t",
                ProviderKind.TUS,
                "https://t.example/files/",
                mapOf("metadata" to "tenant=north,project=7", "checksum" to "never", "settle" to "60"),
            ),
            Tus(
                "t",
                "https://t.example/files/",
                metadata = mapOf("tenant" to "north", "project" to "7"),
                checksums = false,
                mapOf("settle" to "60"),
            ),
        )
    }

    @Test
    fun `a setting that nobody asked for is not there`() {
        assertEquals(mapOf("added_by_user_id" to "7"), Serial("s", "u", addedByUserId = "7").settings)
        assertEquals(emptyMap<String, String>(), Decisiv("d", "u").settings)
        assertEquals(emptyMap<String, String>(), FieldNation("f", "u").settings)
        assertEquals(emptyMap<String, String>(), Tus("t", "u").settings)
    }

    @Test
    fun `what is said by a name wins over the same among the further settings, and silence leaves them`() {
        assertEquals(
            mapOf("added_by_user_id" to "7", "flat" to "true"),
            Serial("s", "u", "7", settings = mapOf("added_by_user_id" to "8", "flat" to "true")).settings,
        )
        assertEquals(
            mapOf("internal" to "true", "path" to "case"),
            Decisiv("d", "u", internal = true, settings = mapOf("internal" to "false", "path" to "case")).settings,
        )
        assertEquals(
            mapOf("folder" to "Documents", "signatures" to "file"),
            FieldNation("f", "u", "Documents", settings = mapOf("folder" to "Misc", "signatures" to "file")).settings,
        )
    }

    @Test
    fun `a capture has every option in its place`() {
        val options =
            Capture(
                Source.Text("t"),
                "name",
                "caption",
                listOf("tag"),
                "folder",
                3,
                "after",
                "key",
                requires,
                settings,
                "jo",
            )
        val photo =
            Photo(
                file,
                name = "name",
                caption = "caption",
                tags = listOf("tag"),
                folder = "folder",
                priority = 3,
                after = "after",
                key = "key",
                requires = requires,
                settings = settings,
                person = "jo",
                cap = 1.megabytes,
                maxEdge = 800,
                exif = ExifPolicy.NO_LOCATION,
                profile = ProfilePolicy.SRGB,
                moveSource = true,
            )
        val asked = Source.Photo(file, Cap.AtMost(1_000_000), 800, ExifPolicy.NO_LOCATION, ProfilePolicy.SRGB, true)
        assertEquals(options.copy(source = asked), photo)

        val document =
            Document(file, "caption", "name", tags, "folder", 3, "after", "key", requires, settings, "jo", true)
        assertEquals(options.copy(source = Source.Document(file, true)), document)

        val text = Text("t", "caption", "name", listOf("tag"), "folder", 3, "after", "key", requires, settings, "jo")
        assertEquals(options, text)

        val signature =
            Signature(file, "caption", "name", tags, "folder", 3, "after", "key", requires, settings, "jo", true)
        assertEquals(options.copy(source = Source.Signature(file, true)), signature)
    }

    @Test
    fun `what is not asked for is left to the core`() {
        val asItIs = Source.Photo(file, exif = ExifPolicy.KEEP, profile = ProfilePolicy.CARRY)
        assertEquals(Capture(asItIs), Photo(file))
        assertEquals(Capture(Source.Document(file)), Document(file))
        assertEquals(Capture(Source.Text("t")), Text("t"))
        assertEquals(Capture(Source.Signature(file)), Signature(file))
    }

    @Test
    fun `a token shows itself nowhere, and is another where the person is`() {
        assertEquals("Token(…)", "${Token("secret", person = "jo")}")
        assertEquals(Token("secret", "jo"), Token("secret", person = "jo"))
        assertEquals(Token("secret").hashCode(), Token("secret").hashCode())
        assertNotEquals(Token("secret"), Token("secret", person = "jo"))
        assertNotEquals(Token("secret"), Token("other"))
    }

    @Test
    fun `sizes are decimal`() {
        assertEquals(Cap.AtMost(3_000_000_000), 3_000.megabytes)
        assertEquals(Cap.AtMost(500_000), 500.kilobytes)
    }

    @Test
    fun `why, receipt and state are read from the status`() {
        val why = Why(Reason.HOLD, null, null, Action.NONE)
        val receipt = Receipt("7", Instant.fromEpochMilliseconds(0), Proof.ANSWER, emptyList())
        val read =
            listOf(
                Triple(Status.Captured(why), State.CAPTURED, why),
                Triple(Status.Queued(why), State.QUEUED, why),
                Triple(Status.Sending, State.SENDING, null),
                Triple(Status.Waiting(why), State.WAITING, why),
                Triple(Status.Verifying(why), State.VERIFYING, why),
                Triple(Status.Blocked(why), State.BLOCKED, why),
                Triple(Status.Delivered(receipt), State.DELIVERED, null),
                Triple(Status.Cancelled, State.CANCELLED, null),
            )
        assertEquals(State.entries, read.map { it.second })
        for ((status, state, reason) in read) {
            val item = item(status)
            assertEquals(state to reason, item.state to item.why)
            if (state == State.DELIVERED) assertEquals(receipt, item.receipt) else assertNull(item.receipt)
        }
    }

    private fun item(status: Status) =
        Item(
            id = "01990000-0000-7000-8000-00007f3a9c1e",
            operation = Operation.UPLOAD,
            kind = Kind.TEXT,
            account = "acme",
            workOrder = "10234",
            name = "note-7f3a9c1e.txt",
            caption = null,
            tags = emptyList(),
            status = status,
            attempts = 0,
            capturedAt = Instant.fromEpochMilliseconds(0),
            flags = emptyList(),
            original = null,
            sent = null,
        )
}
