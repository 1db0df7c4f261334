package dev.fieldpost

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** The systems beside CorrigoPro: their accounts as the core takes or refuses them, and a photo's way to each. */
class SystemsTest : StoryTest() {
    private suspend fun settingsOf(id: String) = outbox.accounts().single { it.account.id == id }.account.settings

    /** Every setting that a builder can make is one that the core takes, and tells again. */
    private suspend fun isTaken(account: Account) {
        outbox.putAccount(account)
        assertEquals(account.settings, settingsOf(account.id))
    }

    private fun isRefused(account: Account, why: String) =
        story {
            val error = assertThrows<OutboxException.Invalid> { outbox.putAccount(account) }
            assertTrue("'${account.id}'" in error.message!! && why in error.message!!, error.message)
            assertTrue(outbox.accounts().none { it.account.id == account.id })
        }

    /** A photo that is captured with no network, and delivered; [place] is what stands before the system's id in ours. */
    private suspend fun isDelivered(account: Account, system: Sandbox.Simulated, place: String = "") {
        outbox.putAccount(account)
        val job = WorkOrder(account = account.id, id = system.workOrder)
        outbox.setConditions(Conditions(Network.NONE, Power.BATTERY))
        val photo = outbox.capture(Photo(picture("boiler.jpg"), caption = "Boiler plate"), job)
        assertEquals(Reason.NO_NETWORK, photo.why?.reason)
        outbox.setConditions(Conditions(Network.UNMETERED, Power.BATTERY))

        val delivery = outbox.deliver { if (it == account.id) system.token else null }

        assertEquals(Triple(1, 0, 0), Triple(delivery.delivered, delivery.waiting, delivery.blocked))
        val item = outbox.item(photo.id)
        val accepted = sandbox.accepted(system.workOrder).single()
        assertEquals(place + accepted.text("remote_id") to Proof.ANSWER, item.receipt?.remoteId to item.receipt?.proof)
        assertEquals(accepted.text("name") to accepted.text("sha256"), item.name to item.sent?.sha256)
    }

    @Test
    fun `an account at Serial is taken as it is built, and a photo for it is delivered once`() =
        story {
            val system = sandbox.system("serial")
            isTaken(Serial("serial", system.url, addedByUserId = "U-7", flat = true, captionsAsTexts = true))
            isDelivered(Serial("serial", system.url, addedByUserId = "U-7"), system)
        }

    @Test
    fun `an account at Decisiv is taken as it is built, and a photo for it is delivered once`() =
        story {
            val system = sandbox.system("decisiv")
            isTaken(
                Decisiv("decisiv", system.url, singularPaths = true, base64Files = true, internal = true, sender = "U"),
            )
            isDelivered(Decisiv("decisiv", system.url), system)
        }

    @Test
    fun `an account at Field Nation is taken as it is built, and a photo for it is delivered once, into its folder`() =
        story {
            val system = sandbox.system("fieldnation")
            isTaken(FieldNation("nation", system.url, actingUserId = 42, signaturesToEndpoint = true))
            isDelivered(FieldNation("nation", system.url, folder = "Documents"), system, place = "1/")
        }

    @Test
    fun `a setting that a system cannot take is refused in words that name it`() {
        val url = "https://a.example"
        isRefused(Serial("s", url, addedByUserId = ""), "\"added_by_user_id\" takes the id of the user that adds")
        isRefused(Account("s", ProviderKind.SERIAL, url), "\"added_by_user_id\" is needed")
        isRefused(Serial("s", url, "7", settings = mapOf("caption" to "yes")), "\"caption\" takes none or text")
        isRefused(Decisiv("d", url, sender = "two\nlines"), "\"sender\" takes the id of the user who sends")
        isRefused(Decisiv("d", url, settings = mapOf("encoding" to "gzip")), "\"encoding\" takes binary or base64")
        isRefused(FieldNation("f", url, folder = " "), "\"folder\" takes the name of a folder")
        isRefused(FieldNation("f", url, actingUserId = -1), "\"acting_user_id\" takes the number of the user")
        isRefused(FieldNation("f", url, settings = mapOf("signatures" to "x")), "\"signatures\" takes file or endpoint")
        isRefused(FieldNation("f", url, settings = mapOf("performed_by" to "Jo")), "no setting \"performed_by\"")
        isRefused(Tus("t", url, metadata = mapOf("sha256" to "x")), "\"metadata\" takes pairs")
        isRefused(Tus("t", url, metadata = mapOf("two words" to "x")), "\"metadata\" takes pairs")
    }

    @Test
    fun `an account at a tus server is taken as it is built`() =
        story {
            isTaken(Tus("own", "https://a.example/files"))
            isTaken(Tus("own", "https://a.example/files/", metadata = mapOf("tenant" to "north"), checksums = false))
        }
}
