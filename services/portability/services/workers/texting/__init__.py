"""The worker's view by SMS and USSD: menus of numbers over the same use cases and sentences as her pages."""
