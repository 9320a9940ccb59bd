"""CSS3 colour names (RFC 7986, 5.9) with the value that Apple's calendar wants beside them."""

HEX_OF = {
    "crimson": "#DC143C",
    "darkorange": "#FF8C00",
    "deepskyblue": "#00BFFF",
    "dodgerblue": "#1E90FF",
    "firebrick": "#B22222",
    "gold": "#FFD700",
    "goldenrod": "#DAA520",
    "hotpink": "#FF69B4",
    "mediumvioletred": "#C71585",
    "olive": "#808000",
    "olivedrab": "#6B8E23",
    "orange": "#FFA500",
    "orangered": "#FF4500",
    "peru": "#CD853F",
    "purple": "#800080",
    "red": "#FF0000",
    "seagreen": "#2E8B57",
    "slategray": "#708090",
    "steelblue": "#4682B4",
    "tomato": "#FF6347",
}
