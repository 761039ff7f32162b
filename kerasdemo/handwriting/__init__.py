"""What `kerasdemo.augment` draws with: stroke maps, other hands, and how rare a style is."""
