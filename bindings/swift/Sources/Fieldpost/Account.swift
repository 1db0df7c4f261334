import FieldpostNative
import Foundation

extension Account {
    /// An account at CorrigoPro Direct.
    ///
    /// - Parameters:
    ///   - id: The app's name for it: 1 to 64 letters, digits, dots, dashes or underscores.
    ///   - baseURL: The base address. `https`, but for loopback or with the setting `cleartext` = `allow`.
    ///   - performedBy: Who does the work, as the system shows it.
    ///   - performedByPhone: Their telephone number.
    ///   - visibility: Who sees attachments, in the system's own words.
    ///   - settings: Further settings by name; a parameter above wins over its name here. No secrets: they are stored.
    public static func corrigoPro(
        id: String,
        baseURL: URL,
        performedBy: String,
        performedByPhone: String? = nil,
        visibility: String? = nil,
        settings: [String: String] = [:]
    ) -> Account {
        let named = ["performed_by": performedBy, "performed_by_phone": performedByPhone, "visibility": visibility]
        return Account(.corrigoPro, id: id, baseURL: baseURL, named: named, settings: settings)
    }

    /// An account at Digital Realty.
    ///
    /// - Parameters:
    ///   - id: The app's name for it: 1 to 64 letters, digits, dots, dashes or underscores.
    ///   - baseURL: The base address. `https`, but for loopback or with the setting `cleartext` = `allow`.
    ///   - masterAccountID: The `Master-Account-Id` that the system asks for.
    ///   - accountID: The `Account-Id` that the system asks for.
    ///   - settings: Further settings by name; a parameter above wins over its name here. No secrets: they are stored.
    public static func digitalRealty(
        id: String,
        baseURL: URL,
        masterAccountID: String,
        accountID: String,
        settings: [String: String] = [:]
    ) -> Account {
        let named = ["master_account_id": masterAccountID, "account_id": accountID]
        return Account(.digitalRealty, id: id, baseURL: baseURL, named: named, settings: settings)
    }

    private init(
        _ provider: Provider, id: String, baseURL: URL, named: [String: String?], settings: [String: String]
    ) {
        let named = named.compactMapValues { value in value }
        self.init(
            id: id, provider: provider, url: baseURL.absoluteString,
            settings: settings.merging(named) { _, named in named })
    }
}
