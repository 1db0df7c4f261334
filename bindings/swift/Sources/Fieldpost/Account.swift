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

    /// An account at Serial.
    ///
    /// - Parameters:
    ///   - id: The app's name for it: 1 to 64 letters, digits, dots, dashes or underscores.
    ///   - baseURL: The base address. `https`, but for loopback or with the setting `cleartext` = `allow`.
    ///   - addedByUserID: The user who adds, by the id that the system knows: a UUID, usually.
    ///   - flat: Has the fields of an upload sent as form parts of their own, not as JSON in one part.
    ///   - captionsAsTexts: Has the caption of what is captured sent as a text of its own: an item that follows it.
    ///   - settings: Further settings by name; a parameter above wins over its name here. No secrets: they are stored.
    public static func serial(
        id: String,
        baseURL: URL,
        addedByUserID: String,
        flat: Bool = false,
        captionsAsTexts: Bool = false,
        settings: [String: String] = [:]
    ) -> Account {
        let named = [
            "added_by_user_id": addedByUserID, "flat": flat ? "true" : nil, "caption": captionsAsTexts ? "text" : nil,
        ]
        return Account(.serial, id: id, baseURL: baseURL, named: named, settings: settings)
    }

    /// An account at Decisiv; its work orders are cases.
    ///
    /// - Parameters:
    ///   - id: The app's name for it: 1 to 64 letters, digits, dots, dashes or underscores.
    ///   - baseURL: The base address, which ends in `/platform_api`. `https`, but for loopback or with the setting
    ///     `cleartext` = `allow`.
    ///   - singularPaths: Has addresses say `/case/…/attachment/…` instead of `/cases/…/attachments/…`.
    ///   - base64Files: Has files sent in base64, not as they are.
    ///   - internal: Whether only the sender's group sees what is sent; where nothing is said, both parties do.
    ///   - sender: The user who sends, by the id that the system knows; where none is said, a default user there.
    ///   - settings: Further settings by name; a parameter above wins over its name here. No secrets: they are stored.
    public static func decisiv(
        id: String,
        baseURL: URL,
        singularPaths: Bool = false,
        base64Files: Bool = false,
        internal: Bool? = nil,
        sender: String? = nil,
        settings: [String: String] = [:]
    ) -> Account {
        let named = [
            "path": singularPaths ? "case" : nil, "encoding": base64Files ? "base64" : nil,
            "internal": `internal`.map { isInternal in isInternal ? "true" : "false" }, "sender": sender,
        ]
        return Account(.decisiv, id: id, baseURL: baseURL, named: named, settings: settings)
    }

    /// An account at Field Nation.
    ///
    /// - Parameters:
    ///   - id: The app's name for it: 1 to 64 letters, digits, dots, dashes or underscores.
    ///   - baseURL: The base address, which ends in `/api/rest/v2`. `https`, but for loopback or with the setting
    ///     `cleartext` = `allow`.
    ///   - folder: Where goes what names no folder of its own, 1 to 255 characters; a missing one is created. Where none
    ///     is said it is `Misc`, which every work order has.
    ///   - actingUserID: The user on whose behalf it all happens, by the number that the system knows.
    ///   - signaturesToEndpoint: Has signatures go to the work order's own signatures, not into a folder.
    ///   - settings: Further settings by name; a parameter above wins over its name here. No secrets: they are stored.
    public static func fieldNation(
        id: String,
        baseURL: URL,
        folder: String? = nil,
        actingUserID: Int? = nil,
        signaturesToEndpoint: Bool = false,
        settings: [String: String] = [:]
    ) -> Account {
        let named = [
            "folder": folder, "acting_user_id": actingUserID.map(String.init),
            "signatures": signaturesToEndpoint ? "endpoint" : nil,
        ]
        return Account(.fieldNation, id: id, baseURL: baseURL, named: named, settings: settings)
    }

    /// An account at a server that speaks tus 1.0 (resumable uploads) with its creation extension: a backend of one's own,
    /// most often.
    ///
    /// - Parameters:
    ///   - id: The app's name for it: 1 to 64 letters, digits, dots, dashes or underscores.
    ///   - baseURL: Where uploads are created, with the slash at its end where the server wants one. `https`, but for
    ///     loopback or with the setting `cleartext` = `allow`.
    ///   - metadata: What goes along with every upload, beside what the library tells of it: names of letters, digits,
    ///     `_`, `.` and `-`, values without a comma.
    ///   - checksums: Whether the bytes go with a SHA-256 where the server offers to check one.
    ///   - settings: Further settings by name; a parameter above wins over its name here. No secrets: they are stored.
    public static func tus(
        id: String,
        baseURL: URL,
        metadata: [String: String] = [:],
        checksums: Bool = true,
        settings: [String: String] = [:]
    ) -> Account {
        let pairs = metadata.map { name, value in "\(name)=\(value)" }.sorted().joined(separator: ",")
        let named = ["metadata": pairs.isEmpty ? nil : pairs, "checksum": checksums ? nil : "never"]
        return Account(.tus, id: id, baseURL: baseURL, named: named, settings: settings)
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
