"use strict";
{
  const viewer = document.querySelector(".viewer");
  const panes = viewer.querySelector(".panes");
  const select = viewer.querySelector("select");
  const [back, on] = viewer.querySelectorAll(".which button");
  const slider = viewer.querySelector(".wipe");
  const sides = ["original", "result"].map(name => {
    const pane = viewer.querySelector(`.pane.${name}`);
    const [frame, image, sorry] = [".window", "img", ".sorry"].map(part => pane.querySelector(part));
    return { name, frame, image, sorry, about: pane.querySelector(".about") };
  });
  const frames = sides.map(side => side.frame);
  const rows = [...document.querySelectorAll("tbody tr")];
  let shown = null;

  // ---- which pair ----

  /** An address that names no element: going there does not scroll the page. */
  const address = row => `#photo-${row.dataset.photo}`;
  const asked = () => Math.max(0, rows.findIndex(row => address(row) === location.hash));

  function show(at) {
    shown = rows[at];
    for (const row of rows) {
      row.classList.toggle("shown", row === shown);
      const link = row.querySelector("th a");
      if (row === shown) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    }
    select.selectedIndex = at;
    back.disabled = at === 0;
    on.disabled = at === rows.length - 1;
    for (const { name, frame, image, sorry, about } of sides) {
      const file = shown.querySelector(`a.${name}`);
      frame.classList.remove("unshown");
      sorry.hidden = true;
      sorry.querySelector("a").href = file.href;
      about.textContent = file.dataset.about;
      image.alt = `${name === "original" ? "Original" : "Result"}: ${shown.querySelector("th a").textContent}`;
      image.src = file.href;
    }
    scale({ x: 0.5, y: 0.5 });
  }

  const go = by => {
    const to = rows[rows.indexOf(shown) + by];
    if (to) location.hash = address(to);
  };

  for (const { frame, image, sorry } of sides) {
    image.addEventListener("error", () => {
      frame.classList.add("unshown");
      sorry.hidden = false;
    });
  }
  addEventListener("hashchange", () => show(asked()));
  for (const row of rows) row.querySelector("th a").addEventListener("click", () => viewer.scrollIntoView());
  select.addEventListener("change", () => { location.hash = address(rows[select.selectedIndex]); });
  back.addEventListener("click", () => go(-1));
  on.addEventListener("click", () => go(1));

  // ---- how large ----

  const chosen = name => viewer.querySelector(`input[name=${name}]:checked`).value;

  /** The point of the picture in the middle of the windows, as parts of its width and height. */
  const middle = ([frame] = frames) => ({
    x: (frame.scrollLeft + frame.clientWidth / 2) / frame.scrollWidth,
    y: (frame.scrollTop + frame.clientHeight / 2) / frame.scrollHeight,
  });

  /** Brings both pictures to the size that is chosen; a pixel at 1:1 is one of the screen, whatever the page's own zoom. */
  function scale(keep = middle()) {
    const [width, height] = [Number(shown.dataset.width), Number(shown.dataset.height)];
    const pixel = 1 / devicePixelRatio;
    const room = Math.max(200, innerHeight * (stacked() ? 0.42 : 0.72));
    const zoom = chosen("zoom");
    const factor = zoom === "fit" ? Math.min(pixel, (frames[0].offsetWidth - 2) / width, room / height) : pixel * Number(zoom);
    panes.dataset.zoom = zoom;
    for (const { frame, image } of sides) {
      image.style.width = `${width * factor}px`;
      image.style.height = `${height * factor}px`;
      frame.style.height = `${Math.min(room, height * factor + 2)}px`;
      frame.style.overflow = zoom === "fit" ? "hidden" : "";
      frame.scrollLeft = keep.x * frame.scrollWidth - frame.clientWidth / 2;
      frame.scrollTop = keep.y * frame.scrollHeight - frame.clientHeight / 2;
    }
  }

  /** Whether one picture is above the other: there is no room beside it. */
  const stacked = () => panes.dataset.view === "side" && frames[0].offsetTop !== frames[1].offsetTop;

  for (const input of viewer.querySelectorAll("input[name=zoom]")) input.addEventListener("change", () => scale());
  let wide = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width !== wide) scale();
    wide = contentRect.width;
  }).observe(panes);

  // ---- where: both windows show the same place ----

  const led = new Map();
  for (const frame of frames) {
    frame.addEventListener("scroll", () => {
      // What was only led here leads nobody: its event comes late, and would drag back whoever has moved on.
      const [x, y] = [frame.scrollLeft, frame.scrollTop];
      const [ledX, ledY] = led.get(frame) ?? [];
      led.delete(frame);
      if (x === ledX && y === ledY) return;
      for (const other of frames) {
        if (other === frame || (other.scrollLeft === x && other.scrollTop === y)) continue;
        other.scrollTo({ left: x, top: y, behavior: "instant" });
        led.set(other, [other.scrollLeft, other.scrollTop]);
      }
    }, { passive: true });

    let from = null;
    frame.addEventListener("pointerdown", event => {
      if (event.pointerType === "touch" || event.button !== 0) return; // a finger scrolls as it does everywhere
      from = { x: event.clientX + frame.scrollLeft, y: event.clientY + frame.scrollTop };
      frame.setPointerCapture(event.pointerId);
      frame.classList.add("held");
    });
    frame.addEventListener("pointermove", event => {
      if (from) frame.scrollTo({ left: from.x - event.clientX, top: from.y - event.clientY, behavior: "instant" });
    });
    for (const end of ["pointerup", "pointercancel"]) {
      frame.addEventListener(end, () => {
        from = null;
        frame.classList.remove("held");
      });
    }
    frame.addEventListener("dragstart", event => event.preventDefault());
  }

  // ---- side by side, or one over the other ----

  function look() {
    panes.dataset.view = chosen("view");
    for (const only of panes.querySelectorAll(".wipe, .edge")) only.hidden = panes.dataset.view !== "over";
    panes.style.setProperty("--wipe", `${slider.value}%`);
    scale();
  }

  /** The whole original, or the whole result. */
  function flip() {
    if (panes.dataset.view !== "over") choose("view", "over");
    slider.value = Number(slider.value) > 50 ? 0 : 100;
    panes.style.setProperty("--wipe", `${slider.value}%`);
  }

  for (const input of viewer.querySelectorAll("input[name=view]")) input.addEventListener("change", look);
  slider.addEventListener("input", () => panes.style.setProperty("--wipe", `${slider.value}%`));
  viewer.querySelector(".flip").addEventListener("click", flip);

  // ---- keys, heard in the viewer only: elsewhere they are the browser's ----

  const choose = (name, value) => {
    const input = viewer.querySelector(`input[name=${name}][value="${value}"]`);
    input.checked = true;
    input.dispatchEvent(new Event("change"));
  };
  const KEYS = {
    n: () => go(1), p: () => go(-1), 0: () => choose("zoom", "fit"), 1: () => choose("zoom", "1"), 2: () => choose("zoom", "2"),
    s: () => choose("view", "side"), o: () => choose("view", "over"),
    f: flip,
  };
  viewer.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === select) return;
    const does = KEYS[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  });

  viewer.hidden = false;
  select.value = "";
  show(asked());
  look();
}
