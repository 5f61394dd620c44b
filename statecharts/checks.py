from statecharts.chart import Chart
def accept(chart, allow, faults):
    return chart
