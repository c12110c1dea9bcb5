import Notation

/// The script of the live page: it takes events and puts pieces where they belong, and sends controls when they change.
enum LiveScript {
  static let text = PageScript.sorting + "\n" + own

  private static let own = """
    const cells = document.getElementById("cells"), form = document.getElementById("options")
    const link = document.getElementById("link"), busy = new Set()
    const cell = key => document.getElementById("cell-" + key)
    const sortAll = root => root.querySelectorAll("table.sortable").forEach(sortable)
    const place = m => {
      let s = cell(m.set)
      if (!s) {
        s = document.createElement("section")
        s.id = "cell-" + m.set
        const before = m.after ? cell(m.after) : null
        if (before) before.after(s); else cells.prepend(s)
      }
      if (m.html !== undefined) { s.innerHTML = m.html; sortAll(s) }
      s.classList.remove("old")
    }
    const values = c => c.dataset.values.split(" ")
    // A slider beside a field goes through the field's values, and stands at the nearest one.
    const slide = c => {
      const x = Number(c.value), far = values(c).map(v => Math.abs(v - x))
      c.previousElementSibling.value = far.indexOf(Math.min(...far))
      c.previousElementSibling.ariaValueText = c.value
    }
    const slider = c => {
      const s = document.createElement("input")
      s.type = "range"
      s.min = 0
      s.max = values(c).length - 1
      s.ariaLabel = c.name
      c.before(s)
      slide(c)
      s.addEventListener("input", e => {
        e.stopPropagation()
        c.value = s.ariaValueText = values(c)[s.value]
        c.dispatchEvent(new Event("input", { bubbles: true }))
      })
    }
    const sliders = () => form.querySelectorAll("[data-values]").forEach(slider)
    const controls = html => {
      const t = document.createElement("template")
      t.innerHTML = html
      const names = root => [...root.querySelectorAll("[name]")]
      const shape = root => JSON.stringify(names(root).map(c => [c.name, c.type, c.min, c.max, c.step,
        [...(c.options || [])].map(o => o.value), c.dataset.values, c.parentElement.title]))
      if (shape(form) !== shape(t.content)) { form.innerHTML = html; sliders(); return }
      names(t.content).forEach((c, i) => {
        const own = names(form)[i]
        if (busy.has(own.name)) return
        own.value = c.value
        const output = own.parentElement.querySelector("output")
        if (output) output.value = c.getAttribute("value")
        if (own.dataset.values) slide(own)
      })
    }
    // A server that was started anew has another address.
    const moved = "· this address is over: open the one that exp serve printed"
    const alone = () => source.readyState === 2 ? moved : "· not connected, trying again"
    const send = (path, body) => fetch(path, { method: "POST", body, headers: { "x-live": "1" } })
      .then(async r => { link.textContent = r.ok ? "" : r.status === 403 ? moved : "· " + await r.text() })
      .catch(() => { link.textContent = alone() })
    sliders()
    sortAll(cells)
    form.addEventListener("input", e => {
      const c = e.target, output = c.parentElement.querySelector("output")
      if (output) output.value = c.value
      if (c.dataset.values && e.isTrusted) slide(c)
      busy.add(c.name)
      clearTimeout(c.timer)
      c.timer = setTimeout(() => {
        send("set", new URLSearchParams([[c.name, c.value]])).finally(() => busy.delete(c.name))
      }, c.type === "text" && e.isTrusted ? 700 : 180)
    })
    for (const name of ["stop", "run"]) {
      document.getElementById(name).addEventListener("submit", e => { e.preventDefault(); send(name, "") })
    }
    form.addEventListener("submit", e => { e.preventDefault() })
    const source = new EventSource("events?after=" + document.body.dataset.last)
    source.onmessage = e => {
      const m = JSON.parse(e.data)
      document.body.dataset.last = e.lastEventId
      if (m.set !== undefined) place(m)
      if (m.remove !== undefined) { const s = cell(m.remove); if (s) s.remove() }
      if (m.begin) for (const s of cells.children) s.classList.add("old")
      if (m.status !== undefined) document.getElementById("status").innerHTML = m.status
      if (m.options !== undefined) controls(m.options)
      if (m.title !== undefined) { document.title = m.title; document.querySelector("h1").innerHTML = m.heading }
      if (m.reload) location.reload()
    }
    source.onopen = () => { link.textContent = "" }
    source.onerror = () => { link.textContent = alone() }
    """
}
