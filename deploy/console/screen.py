"""The console's terminal: whatever is shown, only the console itself moves the cursor or chooses a color."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from shared.observability.printable import printable_text


class Screen(Console):
    """A console of rich. What strangers wrote (a log line, a reason, a name) keeps no control character."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich does it; texts are made harmless, rich's own controls stay."""
        for segment in super().render(renderable, options):
            if not segment.control:
                # one column for each, so that tables stay in line
                segment = Segment(printable_text(segment.text, "\N{REPLACEMENT CHARACTER}"), segment.style)  # noqa: PLW2901
            yield segment
