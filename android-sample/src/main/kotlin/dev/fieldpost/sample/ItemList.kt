package dev.fieldpost.sample

import android.annotation.SuppressLint
import android.content.Context
import android.graphics.Bitmap
import android.os.Parcelable
import android.view.View
import android.view.ViewGroup
import android.widget.BaseAdapter
import android.widget.ListAdapter
import android.widget.ListView
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

    fun show(items: List<Item>, parts: Map<ItemId, Int>) {
        val (needYou, others) = items.asReversed().partition { it.status is Status.Blocked }
        if (needYou + others == this.items && parts == this.parts) return
        this.items = needYou + others
        this.parts = parts
        notifyDataSetChanged()
    }

    override fun getCount() = items.size

    override fun getItem(position: Int) = items[position]

    /** By the item. Never below zero: a list that saves its place takes that for none. */
    override fun getItemId(position: Int) = items[position].id.hashCode().toLong() and 0xFFFF_FFFF

    override fun hasStableIds() = true

    override fun areAllItemsEnabled() = false

    override fun isEnabled(position: Int) = false // the row itself is no button, what is in it is

    override fun getView(position: Int, recycled: View?, parent: ViewGroup): View {
        val item = items[position]
        val row = recycled as? ItemRow ?: ItemRow(look, onRetry)
        row.show(item, title(item, at), words(item.status, at), thumbnail(item), parts[item.id])
        return row
    }
}

/** A list that keeps its place although its rows come later: Android's own forgets it when it gets its rows. */
@SuppressLint("ViewConstructor") // never inflated
internal class PlaceKeepingList(context: Context) : ListView(context) {
    private var place: Parcelable? = null

    override fun onRestoreInstanceState(state: Parcelable?) {
        super.onRestoreInstanceState(state) // insists on being called
        place = state.takeIf { adapter == null }
    }

    override fun setAdapter(adapter: ListAdapter?) {
        super.setAdapter(adapter)
        place?.let { super.onRestoreInstanceState(it) }
        place = null
    }
}
