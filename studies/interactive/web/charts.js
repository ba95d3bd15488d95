// Overlap and energy over time, drawn by uPlot; the supervisory signal stands on the same axis.

import uPlot from "uplot";

const HEIGHT = 150;

// A value that held since the read-out before.
export const stepped = uPlot.paths.stepped({ align: -1 });

export class Chart {
  constructor(place, { title, series, range, palette, phases, onpick, filled }) {
    this.place = place;
    this.mark = document.createElement("div");
    this.mark.className = "mark";
    const axis = { stroke: palette.pale, grid: { stroke: palette.line, width: 1 }, ticks: { stroke: palette.line } };
    const shade = (u) => {
      const { from, to, label } = phases();
      const left = u.valToPos(from, "x", true);
      const right = u.valToPos(to, "x", true);
      const context = u.ctx;
      context.save();
      if (filled && to > from) {
        context.fillStyle = palette.signal + "38";
        context.fillRect(left, u.bbox.top, right - left, u.bbox.height);
      }
      context.strokeStyle = palette.ink;
      context.beginPath();
      context.moveTo(right, u.bbox.top);
      context.lineTo(right, u.bbox.top + u.bbox.height);
      context.stroke();
      context.fillStyle = palette.ink;
      context.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
      if (label) context.fillText(label, right + 4 * devicePixelRatio, u.bbox.top + u.bbox.height - 6 * devicePixelRatio);
      context.restore();
    };
    this.plot = new uPlot(
      {
        title,
        width: Math.max(place.clientWidth, 200),
        height: HEIGHT,
        scales: { x: { time: false }, y: range ? { range } : {}, signal: { range: [0, 1] } },
        axes: [{ ...axis, size: 30 }, { ...axis, size: 54 }],
        series: [{}, ...series],
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        hooks: { drawClear: [shade] },
      },
      [[0], ...series.map(() => [null])],
      place,
    );
    this.plot.over.append(this.mark);
    this.plot.over.addEventListener("click", () => {
      const at = this.plot.posToVal(this.plot.cursor.left, "x");
      if (Number.isFinite(at)) onpick(at);
    });
    this.watcher = new ResizeObserver(() =>
      this.plot.setSize({ width: Math.max(place.clientWidth, 200), height: HEIGHT }),
    );
    this.watcher.observe(place);
  }

  set(data) {
    this.plot.setData(data);
  }

  at(x) {
    this.mark.style.transform = `translateX(${this.plot.valToPos(x, "x")}px)`;
  }

  remove() {
    this.watcher.disconnect();
    this.plot.destroy();
  }
}
