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

private fun given(named: List<Pair<String, String?>>): Map<String, String> =
    named.mapNotNull { (setting, value) -> value?.let { setting to it } }.toMap()
