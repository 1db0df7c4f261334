@file:Suppress("FunctionName", "ktlint:standard:function-naming") // they read as what they make: a CorrigoPro account

package dev.fieldpost

/**
 * An account at CorrigoPro Direct, for [Outbox.putAccount]. It holds no token, and no secret may stand in it: it is stored.
 *
 * @param id the name that the app gives it: 1 to 64 letters, digits, dots, dashes or underscores.
 * @param baseUrl the base address, which the customer's office gives. `https`, but for loopback.
 * @param performedBy the technician's name, which the system records with each change.
 * @param performedByPhone the technician's telephone number.
 * @param visibility who sees what is sent, in the system's own word.
 * @param settings further settings by name.
 */
public fun CorrigoPro(
    id: String,
    baseUrl: String,
    performedBy: String,
    performedByPhone: String? = null,
    visibility: String? = null,
    settings: Map<String, String> = emptyMap(),
): Account {
    val named =
        listOf("performed_by" to performedBy, "performed_by_phone" to performedByPhone, "visibility" to visibility)
    return Account(id, ProviderKind.CORRIGO_PRO, baseUrl, settings + given(named))
}

/**
 * An account at Digital Realty, for [Outbox.putAccount]. It holds no token, and no secret may stand in it: it is stored.
 *
 * @param id the name that the app gives it: 1 to 64 letters, digits, dots, dashes or underscores.
 * @param baseUrl the base address, which the customer's office gives. `https`, but for loopback.
 * @param masterAccountId the customer's master account there.
 * @param accountId the customer's account there.
 * @param settings further settings by name.
 */
public fun DigitalRealty(
    id: String,
    baseUrl: String,
    masterAccountId: String,
    accountId: String,
    settings: Map<String, String> = emptyMap(),
): Account {
    val named = listOf("master_account_id" to masterAccountId, "account_id" to accountId)
    return Account(id, ProviderKind.DIGITAL_REALTY, baseUrl, settings + given(named))
}

/**
 * An account at Serial, for [Outbox.putAccount]. It holds no token, and no secret may stand in it: it is stored.
 *
 * @param id the name that the app gives it: 1 to 64 letters, digits, dots, dashes or underscores.
 * @param baseUrl the base address, which the customer's office gives. `https`, but for loopback.
 * @param addedByUserId the user who adds, by the id that Serial knows: a UUID, usually.
 * @param flat has the fields of an upload sent as form parts of their own, not as JSON in one part.
 * @param captionsAsTexts has the caption of what is captured sent as a text of its own: an item that follows it.
 * @param settings further settings by name.
 */
public fun Serial(
    id: String,
    baseUrl: String,
    addedByUserId: String,
    flat: Boolean = false,
    captionsAsTexts: Boolean = false,
    settings: Map<String, String> = emptyMap(),
): Account {
    val named =
        listOf(
            "added_by_user_id" to addedByUserId,
            "flat" to "true".takeIf { flat },
            "caption" to "text".takeIf { captionsAsTexts },
        )
    return Account(id, ProviderKind.SERIAL, baseUrl, settings + given(named))
}

/**
 * An account at Decisiv, for [Outbox.putAccount]; its work orders are cases. It holds no token, and no secret may stand in
 * it: it is stored.
 *
 * @param id the name that the app gives it: 1 to 64 letters, digits, dots, dashes or underscores.
 * @param baseUrl the base address, which the customer's office gives; it ends in `/platform_api`. `https`, but for loopback.
 * @param singularPaths has addresses say `/case/…/attachment/…` instead of `/cases/…/attachments/…`.
 * @param base64Files has files sent in base64, not as they are.
 * @param internal whether only the sender's group sees what is sent; where nothing is said, both parties do.
 * @param sender the user who sends, by the id that Decisiv knows; where none is said, a default user there.
 * @param settings further settings by name.
 */
public fun Decisiv(
    id: String,
    baseUrl: String,
    singularPaths: Boolean = false,
    base64Files: Boolean = false,
    internal: Boolean? = null,
    sender: String? = null,
    settings: Map<String, String> = emptyMap(),
): Account {
    val named =
        listOf(
            "path" to "case".takeIf { singularPaths },
            "encoding" to "base64".takeIf { base64Files },
            "internal" to internal?.toString(),
            "sender" to sender,
        )
    return Account(id, ProviderKind.DECISIV, baseUrl, settings + given(named))
}

/**
 * An account at Field Nation, for [Outbox.putAccount]. It holds no token, and no secret may stand in it: it is stored.
 *
 * @param id the name that the app gives it: 1 to 64 letters, digits, dots, dashes or underscores.
 * @param baseUrl the base address, which the customer's office gives; it ends in `/api/rest/v2`. `https`, but for loopback.
 * @param folder where goes what names no folder of its own, 1 to 255 characters; a missing one is created. Where none is
 *   said it is `Misc`, which every work order has.
 * @param actingUserId the user on whose behalf it all happens, by the number that Field Nation knows.
 * @param signaturesToEndpoint has signatures go to the work order's own signatures, not into a folder.
 * @param settings further settings by name.
 */
public fun FieldNation(
    id: String,
    baseUrl: String,
    folder: String? = null,
    actingUserId: Long? = null,
    signaturesToEndpoint: Boolean = false,
    settings: Map<String, String> = emptyMap(),
): Account {
    val named =
        listOf(
            "folder" to folder,
            "acting_user_id" to actingUserId?.toString(),
            "signatures" to "endpoint".takeIf { signaturesToEndpoint },
        )
    return Account(id, ProviderKind.FIELD_NATION, baseUrl, settings + given(named))
}

/**
 * An account at a server that speaks tus 1.0 (resumable uploads) with its creation extension, for [Outbox.putAccount]: a
 * backend of one's own, most often. It holds no token, and no secret may stand in it: it is stored.
 *
 * @param id the name that the app gives it: 1 to 64 letters, digits, dots, dashes or underscores.
 * @param baseUrl where uploads are created, with the slash at its end where the server wants one. `https`, but for loopback.
 * @param metadata what goes along with every upload, beside what the library tells of it: names of letters, digits, `_`, `.`
 *   and `-`, values without a comma.
 * @param checksums whether the bytes go with a SHA-256 where the server offers to check one.
 * @param settings further settings by name.
 */
public fun Tus(
    id: String,
    baseUrl: String,
    metadata: Map<String, String> = emptyMap(),
    checksums: Boolean = true,
    settings: Map<String, String> = emptyMap(),
): Account {
    val pairs = metadata.map { (name, value) -> "$name=$value" }.joinToString(",")
    val named = listOf("metadata" to pairs.ifEmpty { null }, "checksum" to "never".takeUnless { checksums })
    return Account(id, ProviderKind.TUS, baseUrl, settings + given(named))
}

private fun given(named: List<Pair<String, String?>>): Map<String, String> =
    named.mapNotNull { (setting, value) -> value?.let { setting to it } }.toMap()
