package dev.fieldpost.sample

/**
 * The ids of the views that keep their state or are looked for. Fixed numbers, for `R.id` needs `aapt` and
 * `View.generateViewId()` gives others after a rotation. Below 0x00FFFFFF, where no resource id lies.
 */
object Ids {
    const val LIST = 1
    const val TAKE_PHOTO = 2
    const val DELIVER = 3
    const val RETRY = 4
    const val MESSAGE = 5
    const val SUMMARY = 6
    const val NETWORK = 7
    const val STOP = 8
}
