package dev.fieldpost.sample

import android.graphics.Bitmap
import android.view.View
import android.view.ViewGroup
import android.widget.BaseAdapter
import dev.fieldpost.Item
import dev.fieldpost.ItemId
import dev.fieldpost.Status
import kotlin.time.Instant

/**
 * The rows of the list: what needs the person comes first, then the newest, for what was just captured is what is looked
 * for.
 */
internal class ItemList(
    private val look: Look,
    private val onRetry: (Item) -> Unit,
    private val at: (Instant) -> String,
    private val thumbnail: (Item) -> Bitmap?,
) : BaseAdapter() {
    private var items: List<Item> = emptyList()
    private var parts: Map<ItemId, Int> = emptyMap()

    fun show(
        items: List<Item>,
        parts: Map<ItemId, Int>,
    ) {
        val (needYou, others) = items.asReversed().partition { it.status is Status.Blocked }
        if (needYou + others == this.items && parts == this.parts) return
        this.items = needYou + others
        this.parts = parts
        notifyDataSetChanged()
    }

    override fun getCount() = items.size

    override fun getItem(position: Int) = items[position]

    /** By the item and not by the place, so that the list stays where it was when one is added above. */
    override fun getItemId(position: Int) = items[position].id.hashCode().toLong()

    override fun hasStableIds() = true

    override fun areAllItemsEnabled() = false

    override fun isEnabled(position: Int) = false // the row itself is no button, what is in it is

    override fun getView(
        position: Int,
        recycled: View?,
        parent: ViewGroup,
    ): View {
        val item = items[position]
        val row = recycled as? ItemRow ?: ItemRow(look, onRetry)
        row.show(item, title(item, at), words(item.status, at), thumbnail(item), parts[item.id])
        return row
    }
}
