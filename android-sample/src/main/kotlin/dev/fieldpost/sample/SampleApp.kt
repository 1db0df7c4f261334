package dev.fieldpost.sample

import android.app.Application
import android.content.Context
import android.content.pm.PackageManager
import dev.fieldpost.Account
import dev.fieldpost.CorrigoPro
import dev.fieldpost.WorkOrder

/** The process: it has the one [Workplace]. */
class SampleApp :
    Application(),
    HasWorkplace {
    override val workplace: Workplace by lazy { Workplace(this, SignIn.ofManifest(this)) }
}

/** An application whose screens share a [Workplace]. */
interface HasWorkplace {
    val workplace: Workplace
}

/**
 * Who works for whom: what an app knows after its sign-in.
 *
 * @property account the account at the work-order system.
 * @property job the work order that is shown where none was asked for.
 * @property token gives a token that is valid now; none where the person has to sign in. Tokens stay out of the outbox.
 */
class SignIn(val account: Account, val job: WorkOrder, val token: suspend () -> String?) {
    companion object {
        /** The sample has no sign-in of its own: its manifest says where the sandbox is. */
        fun ofManifest(context: Context): SignIn {
            val packages = context.packageManager

            // The form with flags as an object came with API 33.
            @Suppress("DEPRECATION")
            val said = packages.getApplicationInfo(context.packageName, PackageManager.GET_META_DATA).metaData

            // Of any type: what reads as a number is one in there.
            @Suppress("DEPRECATION")
            fun named(name: String) =
                requireNotNull(said?.get("dev.fieldpost.sample.$name")) { "the manifest names no $name" }.toString()
            val account = CorrigoPro(id = "sandbox", baseUrl = named("url"), performedBy = named("performed_by"))
            val token = named("token")
            return SignIn(account, WorkOrder(account.id, named("work_order"))) { token }
        }
    }
}
